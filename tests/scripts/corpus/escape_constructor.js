// harm: escapes: the constructor of the constructor | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return this.constructor.constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
