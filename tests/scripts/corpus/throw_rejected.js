// harm: hangs: nobody answers, for it rejects with null | expect: running | kill: no
class Script {
  async process_incoming_request({ request }) {
    await null;
    return Promise.reject(null);
  }
}
