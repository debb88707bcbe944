// harm: hangs: slice of an endless list | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return Array.prototype.slice.call({ length: 2 ** 32 - 1, constructor: Array });
  }
}
