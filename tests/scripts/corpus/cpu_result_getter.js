// harm: hangs: the result is read by a getter that never answers | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return { get content() { for (;;) {} } };
  }
}
