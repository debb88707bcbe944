// harm: escapes: the constructor of a host function | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return console.log.constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
