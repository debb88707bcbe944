// harm: escapes: the module os of the qjs command | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Function('return os')().readlink('/proc/self/exe');
    } catch {
      return 'contained';
    }
  }
}
