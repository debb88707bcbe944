// harm: escapes: the constructor of a method of a response | expect: = "contained" | kill: no
class Script {
  async process_incoming_request({ request }) {
    try {
      return await (await fetch('https://example.com/')).text.constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
