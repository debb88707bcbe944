// harm: breaks: everything about its error throws | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw new Proxy(class {}, { get() { throw null; }, getPrototypeOf() { throw null; }, has() { throw null; } });
  }
}
