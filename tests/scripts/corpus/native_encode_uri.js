// harm: hangs: encoding a long text, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const text = '€'.repeat(5e5);
    for (;;) encodeURIComponent(text);
  }
}
