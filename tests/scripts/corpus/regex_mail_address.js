// harm: hangs: the famous check of mail addresses | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return /^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$/.test('a'.repeat(80) + '!');
  }
}
