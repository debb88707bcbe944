// harm: hangs: replace with an expression that backtracks | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return ('a'.repeat(60) + '!').replace(/(a*)*b/g, '');
  }
}
