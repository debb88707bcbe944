// harm: hangs: the result turns itself into JSON for ever | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return { toJSON() { for (;;) {} } };
  }
}
