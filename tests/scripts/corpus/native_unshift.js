// harm: hangs: unshift of an endless list | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return Array.prototype.unshift.call({ length: 2 ** 53 - 3 }, 1);
  }
}
