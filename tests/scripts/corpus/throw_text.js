// harm: breaks: it throws a text | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw 'nothing but a text';
  }
}
