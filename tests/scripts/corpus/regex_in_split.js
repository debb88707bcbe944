// harm: hangs: split with an expression that backtracks | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return 'x'.repeat(70).split(/(x+x+)+y/);
  }
}
