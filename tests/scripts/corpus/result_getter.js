// harm: hangs: nobody answers, for the result throws when it is read | expect: result | kill: no
class Script {
  process_incoming_request({ request }) {
    return { get content() { throw null; } };
  }
}
