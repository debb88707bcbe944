// harm: hangs: join over four thousand million holes | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return new Array(2 ** 32 - 1).join('');
  }
}
