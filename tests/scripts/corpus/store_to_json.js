// harm: floods: something that is larger when it is looked at again | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    let looks = 0;
    Store.set('x', { toJSON: () => 'x'.repeat(++looks * 6e6) });
    return 'stored';
  }
}
