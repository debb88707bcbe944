// harm: escapes: functions of the host on the stack | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    let found = 'contained';
    Error.prepareStackTrace = (_, frames) => frames;
    try {
      for (const frame of new Error('x').stack) {
        const one = frame.getFunction();
        if (typeof one === 'function' && one.length === 1 && one.name !== 'process_incoming_request') found = one('open') ?? found;
      }
    } catch { /* no frames */ }
    return found;
  }
}
