// harm: escapes: the constructor of an error that the engine throws | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    let error;
    try { null.x; } catch (thrown) { error = thrown; }
    try {
      return error.constructor.constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
