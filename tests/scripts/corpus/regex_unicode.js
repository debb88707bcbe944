// harm: hangs: classes of Unicode that overlap | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return /^(?:\p{L}+[\p{L}\s]?)+$/u.test('ä'.repeat(60) + '!');
  }
}
