// harm: breaks: the message of its error throws | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw { get message() { throw null; } };
  }
}
