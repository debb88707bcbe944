// harm: breaks: it throws undefined | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw undefined;
  }
}
