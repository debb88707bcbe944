// harm: escapes: the constructor of generators | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return (function* () {}).constructor('return process.env.SECRET')().next().value;
    } catch {
      return 'contained';
    }
  }
}
