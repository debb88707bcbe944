// harm: escapes: an indirect eval | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return (0, eval)('process.env.SECRET');
    } catch {
      return 'contained';
    }
  }
}
