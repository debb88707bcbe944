// harm: hangs: a loop without end | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    while (true) {}
  }
}
