// harm: hangs: whoever waits for the result asks a getter that never answers | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return { get then() { for (;;) {} } };
  }
}
