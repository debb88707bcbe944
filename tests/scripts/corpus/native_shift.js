// harm: hangs: shift of an endless list | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return Array.prototype.shift.call({ length: 2 ** 53 - 1 });
  }
}
