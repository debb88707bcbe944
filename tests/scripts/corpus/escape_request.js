// harm: escapes: the constructor of what is handed in | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return request.__proto__.constructor.constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
