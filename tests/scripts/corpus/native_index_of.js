// harm: hangs: indexOf in an endless list | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
  }
}
