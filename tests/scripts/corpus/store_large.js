// harm: floods: six megabytes | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    Store.set('x', 'x'.repeat(6e6));
    return 'stored';
  }
}
