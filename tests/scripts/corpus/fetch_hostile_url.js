// harm: hangs: an address that never becomes a text | expect: timeout | kill: no
class Script {
  async process_incoming_request({ request }) {
    await fetch({ toString() { for (;;) {} } });
  }
}
