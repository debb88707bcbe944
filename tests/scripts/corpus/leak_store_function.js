// harm: leaks: a function in the Store | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    const kept = Store.get('f');
    if (typeof kept === 'function') return 'leaked ' + kept();
    Store.set('f', () => request.content.text);
    return 'clean';
  }
}
