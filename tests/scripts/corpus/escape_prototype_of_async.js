// harm: escapes: the prototype of the prototype of an asynchronous generator | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Object.getPrototypeOf(Object.getPrototypeOf(async function* () {})).constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
