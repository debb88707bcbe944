// harm: breaks: it throws a symbol | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw Symbol('x');
  }
}
