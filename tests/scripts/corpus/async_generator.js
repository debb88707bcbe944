// harm: hangs: a stream without end | expect: timeout | kill: no
class Script {
  async process_incoming_request({ request }) {
    const stream = async function* () { for (;;) yield 1; };
    for await (const one of stream()) void one;
  }
}
