// harm: hangs: references to groups that can be cut anywhere | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return /^(a+)(a+)(a+)(a+)(a+)(a+)\1\2\3\4\5\6!$/.test('a'.repeat(120));
  }
}
