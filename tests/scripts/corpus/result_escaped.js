// harm: floods: a text of which every character needs six | expect: result|memory | kill: no
class Script {
  process_incoming_request({ request }) {
    return '\u0001'.repeat(1e6);
  }
}
