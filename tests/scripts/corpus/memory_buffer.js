// harm: memory: a buffer of a gigabyte | expect: memory | kill: no
class Script {
  process_incoming_request({ request }) {
    return new Uint8Array(900e6).fill(1).length;
  }
}
