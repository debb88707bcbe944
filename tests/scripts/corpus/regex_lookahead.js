// harm: hangs: a lookahead that tries everything | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return /(?=(x+x+)+y)/.test('x'.repeat(70));
  }
}
