// harm: hangs: one request after the other | expect: running | kill: no
class Script {
  async process_incoming_request({ request }) {
    for (;;) await fetch('https://example.com/');
  }
}
