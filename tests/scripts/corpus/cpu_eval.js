// harm: hangs: the loop is made at run time | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    (0, eval)('for (;;) {}');
  }
}
