// harm: leaks: a method of all lists | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if ([].secret) return 'leaked';
    Array.prototype.secret = () => 1;
    return 'clean';
  }
}
