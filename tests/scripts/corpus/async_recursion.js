// harm: hangs: an asynchronous function that waits for itself | expect: memory|running|timeout | kill: no
class Script {
  async process_incoming_request({ request }) {
    const down = async () => { await null; await down(); };
    await down();
  }
}
