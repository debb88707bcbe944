// harm: leaks: the Store of another integration | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if (Store.get('secret')) return 'leaked';
    Store.set('secret', request.content.text);
    return 'clean';
  }
}
