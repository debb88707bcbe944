// harm: hangs: a generator without end | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    function* forever() { for (;;) yield 1; }
    for (const one of forever()) void one;
  }
}
