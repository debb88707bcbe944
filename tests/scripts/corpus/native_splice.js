// harm: hangs: splice of an endless list | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return Array.prototype.splice.call({ length: 2 ** 53 - 1 }, 0, 1);
  }
}
