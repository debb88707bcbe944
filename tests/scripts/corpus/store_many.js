// harm: floods: a hundred thousand entries | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    for (let i = 0; i < 1e5; i++) Store.set('key' + i, 'x'.repeat(60));
    return 'stored';
  }
}
