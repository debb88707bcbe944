// harm: breaks: it throws null | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw null;
  }
}
