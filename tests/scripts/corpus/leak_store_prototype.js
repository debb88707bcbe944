// harm: leaks: the prototype of the Store | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if (Store.get('secret')) return 'leaked';
    Store.set('__proto__', { secret: 1 });
    return 'clean';
  }
}
