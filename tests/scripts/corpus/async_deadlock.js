// harm: hangs: two promises that wait for each other | expect: running | kill: no
class Script {
  async process_incoming_request({ request }) {
    let first, second;
    first = (async () => { await null; return second; })();
    second = (async () => { await null; return first; })();
    return await first;
  }
}
