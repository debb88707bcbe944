// harm: memory: an array without end | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = [];
    for (;;) all.push({});
  }
}
