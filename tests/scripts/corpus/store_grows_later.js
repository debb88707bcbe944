// harm: floods: something that grows after it was measured | expect: = "stored" | kill: no
class Script {
  process_incoming_request({ request }) {
    const small = {};
    Store.set('x', small);
    small.large = 'x'.repeat(6e6);
    return 'stored';
  }
}
