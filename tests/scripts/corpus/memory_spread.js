// harm: memory: arguments without end | expect: memory | kill: no
class Script {
  process_incoming_request({ request }) {
    let list = [1];
    for (;;) list = [...list, ...list];
  }
}
