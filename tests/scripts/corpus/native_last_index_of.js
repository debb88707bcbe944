// harm: hangs: lastIndexOf in an endless list | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);
  }
}
