// harm: hangs: a comparator that never answers | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    [3, 1, 2].sort(() => { for (;;) {} });
  }
}
