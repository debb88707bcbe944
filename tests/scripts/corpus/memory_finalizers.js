// harm: memory: a registry of objects without end | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = [];
    const registry = new FinalizationRegistry(() => {});
    for (;;) { const one = { weak: null }; one.weak = new WeakRef(one); registry.register(one, 'gone'); all.push(one); }
  }
}
