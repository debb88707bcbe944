// harm: crashes: a nested list made flat | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    let list = [1];
    for (let i = 0; i < 2e5; i++) list = [list];
    return list.flat(Infinity);
  }
}
