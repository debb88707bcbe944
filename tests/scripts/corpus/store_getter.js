// harm: breaks: something whose getter throws | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    Store.set('x', { get y() { throw null; } });
    return 'stored';
  }
}
