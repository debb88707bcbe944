// harm: hangs: a long program without a loop, in which nothing asks for the time | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const [a, b] = [2n ** 900000n - 1n, 2n ** 400000n - 1n];
    new Function('a', 'b', 'a / b;'.repeat(1000))(a, b);
  }
}
