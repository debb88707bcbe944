// harm: memory: generators that wait | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    function* wait() { yield 1; }
    const all = [];
    for (;;) { const one = wait(); one.next(); all.push(one); }
  }
}
