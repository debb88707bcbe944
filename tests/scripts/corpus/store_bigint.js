// harm: breaks: a number that JSON does not have | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    Store.set('x', 1n);
    return 'stored';
  }
}
