// harm: hangs: the constructor of a mapped array never returns | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const array = [1];
    array.constructor = { [Symbol.species]: function () { for (;;) {} } };
    array.map((one) => one);
  }
}
