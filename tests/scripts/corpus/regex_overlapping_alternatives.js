// harm: hangs: alternatives that overlap | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return /^(a|aa|aaa)+$/.test('a'.repeat(90) + '!');
  }
}
