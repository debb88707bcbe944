// harm: hangs: changing the case of a long text, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const text = 'ß'.repeat(1e6);
    for (;;) text.toUpperCase();
  }
}
