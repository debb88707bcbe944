// harm: crashes: a list that contains lists, as text | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    let list = [];
    for (let i = 0; i < 2e5; i++) list = [list];
    return String(list);
  }
}
