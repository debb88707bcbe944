// harm: hangs: division of numbers of a hundred thousand digits | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const [a, b] = [2n ** 1000000n - 1n, 2n ** 500000n - 1n];
    for (;;) a / b;
  }
}
