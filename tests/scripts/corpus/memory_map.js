// harm: memory: a map without end | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = new Map();
    for (let i = 0; ; i++) all.set(i, {});
  }
}
