// harm: hangs: sorting a million numbers, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const numbers = Float64Array.from({ length: 5e5 }, Math.random);
    for (;;) numbers.slice().sort();
  }
}
