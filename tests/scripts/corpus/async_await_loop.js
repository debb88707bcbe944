// harm: hangs: it waits without end | expect: timeout | kill: no
class Script {
  async process_incoming_request({ request }) {
    for (;;) await null;
  }
}
