// harm: escapes: the constructor of a callback in a timer or a reviver | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return JSON.parse('1', function () { return this.constructor.constructor('return process.env.SECRET')(); });
    } catch {
      return 'contained';
    }
  }
}
