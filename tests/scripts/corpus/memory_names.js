// harm: memory: an object with names without end | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = {};
    for (let i = 0; ; i++) all['name'.repeat(200) + i] = i;
  }
}
