// harm: escapes: the constructor of asynchronous generators | expect: = "contained" | kill: no
class Script {
  async process_incoming_request({ request }) {
    try {
      return (await (async function* () {}).constructor('return process.env.SECRET')().next()).value;
    } catch {
      return 'contained';
    }
  }
}
