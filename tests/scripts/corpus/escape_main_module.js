// harm: escapes: the main module of Node | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Function('return process.mainModule')().require('fs').readFileSync('/etc/passwd');
    } catch {
      return 'contained';
    }
  }
}
