// harm: crashes: a result that is nested without end | expect: result | kill: no
class Script {
  process_incoming_request({ request }) {
    let list = [];
    for (let i = 0; i < 2e5; i++) list = [list];
    return list;
  }
}
