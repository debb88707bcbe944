// harm: memory: a filled array of a hundred million | expect: memory | kill: no
class Script {
  process_incoming_request({ request }) {
    return new Array(1e8).fill(0).length;
  }
}
