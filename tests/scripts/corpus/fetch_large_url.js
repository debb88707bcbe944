// harm: floods: an address of eight megabytes | expect: running | kill: no
class Script {
  async process_incoming_request({ request }) {
    await fetch('https://example.com/' + 'x'.repeat(8e6));
    return 'sent';
  }
}
