// harm: memory: a text that doubles | expect: memory | kill: no
class Script {
  process_incoming_request({ request }) {
    let text = 'x';
    for (;;) text = (text + text).slice(0);
  }
}
