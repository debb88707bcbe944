// harm: escapes: the function Function | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Function('return require("fs").readFileSync("/etc/passwd")')();
    } catch {
      return 'contained';
    }
  }
}
