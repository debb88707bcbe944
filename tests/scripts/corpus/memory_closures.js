// harm: memory: a chain of closures | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    let last = null;
    for (;;) { const before = last; last = () => before; }
  }
}
