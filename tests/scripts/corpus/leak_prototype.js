// harm: leaks: a property of all objects | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if ({}.secret) return 'leaked';
    Object.prototype.secret = 1;
    return 'clean';
  }
}
