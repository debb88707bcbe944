// harm: hangs: options that never answer | expect: timeout | kill: no
class Script {
  async process_incoming_request({ request }) {
    await fetch('https://example.com/', { get body() { for (;;) {} } });
  }
}
