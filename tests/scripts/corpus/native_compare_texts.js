// harm: hangs: comparing two long texts, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const [a, b] = ['x'.repeat(8e6), 'x'.repeat(7e6) + 'x'.repeat(1e6)];
    for (;;) a < b;
  }
}
