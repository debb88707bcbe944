// harm: hangs: something whose getter never answers | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    Store.set('x', { get y() { for (;;) {} } });
    return 'stored';
  }
}
