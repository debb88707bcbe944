// harm: hangs: nested quantifiers | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return /^(a+)+$/.test('a'.repeat(60) + '!');
  }
}
