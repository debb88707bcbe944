// harm: escapes: the module std of the qjs command | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Function('return std')().loadFile('/etc/passwd');
    } catch {
      return 'contained';
    }
  }
}
