// harm: leaks: a registered symbol | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    const key = Symbol.for('secret');
    if (Function.prototype[key]) return 'leaked';
    Function.prototype[key] = 1;
    return 'clean';
  }
}
