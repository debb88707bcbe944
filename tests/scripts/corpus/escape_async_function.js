// harm: escapes: the constructor of asynchronous functions | expect: = "contained" | kill: no
class Script {
  async process_incoming_request({ request }) {
    try {
      return await (async () => {}).constructor('return process.env.SECRET')();
    } catch {
      return 'contained';
    }
  }
}
