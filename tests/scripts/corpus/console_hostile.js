// harm: breaks: something that cannot be printed | expect: = "printed" | kill: no
class Script {
  process_incoming_request({ request }) {
    console.log({ toString() { throw null; }, toJSON() { throw null; } }, Object.create(null), new Proxy({}, { get() { throw null; } }));
    return 'printed';
  }
}
