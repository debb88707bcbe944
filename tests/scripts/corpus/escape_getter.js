// harm: escapes: the getter of a property of the engine | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
