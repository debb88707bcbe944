// harm: escapes: functions of the host on the stack | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    let found = 'contained';
    Error.prepareStackTrace = (_, frames) => frames;
    try {
      for (const frame of new Error('x').stack) {
        const one = frame.getFunction();
        if (one.name === 'process_incoming_request') continue;
        found = 'a function of the host';
        return one('open');
      }
    } catch { /* no frames, or none that can be called */ }
    return found;
  }
}
