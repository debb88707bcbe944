// harm: hangs: numbers of a hundred thousand digits as text | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const number = 2n ** 1000000n - 1n;
    for (;;) number.toString();
  }
}
