// harm: floods: a small result that is large as JSON | expect: result|memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    let list = ['x'.repeat(1000)];
    for (let i = 0; i < 13; i++) list = [list, list];
    return list;
  }
}
