// harm: memory: a text of half a gigabyte | expect: memory | kill: no
class Script {
  process_incoming_request({ request }) {
    return 'x'.repeat(2 ** 29).length;
  }
}
