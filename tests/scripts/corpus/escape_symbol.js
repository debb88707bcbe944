// harm: escapes: the constructor behind Symbol.species | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Promise[Symbol.species].constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
