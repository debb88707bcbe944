// harm: escapes: an option that every object seems to have | expect: = "contained" | kill: no
class Script {
  async process_incoming_request({ request }) {
    Object.prototype.allowed = true;
    try {
      return await (await fetch('file:///etc/passwd')).text();
    } catch {
      return 'contained';
    }
  }
}
