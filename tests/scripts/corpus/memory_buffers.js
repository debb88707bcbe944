// harm: memory: buffers without end | expect: memory | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = [];
    for (;;) all.push(new Uint8Array(1e6).fill(1));
  }
}
