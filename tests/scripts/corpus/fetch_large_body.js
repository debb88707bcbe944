// harm: floods: eight megabytes in a request | expect: running | kill: no
class Script {
  async process_incoming_request({ request }) {
    await fetch('https://example.com/', { method: 'POST', body: 'x'.repeat(8e6) });
    return 'sent';
  }
}
