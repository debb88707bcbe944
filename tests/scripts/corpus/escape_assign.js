// harm: escapes: options of the host that pass a replaced function | expect: = "contained" | kill: no
class Script {
  async process_incoming_request({ request }) {
    Object.assign = () => ({ allowed: true });
    try {
      return await (await fetch('file:///etc/passwd')).text();
    } catch {
      return 'contained';
    }
  }
}
