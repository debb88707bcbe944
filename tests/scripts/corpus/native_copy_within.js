// harm: hangs: copyWithin of an endless list | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1);
  }
}
