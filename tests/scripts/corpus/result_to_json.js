// harm: hangs: nobody answers, for the result throws when it is written | expect: result | kill: no
class Script {
  process_incoming_request({ request }) {
    return { toJSON() { throw { get message() { throw null; } }; } };
  }
}
