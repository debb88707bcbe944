// harm: hangs: the keys of the result are never listed | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return new Proxy({}, { ownKeys() { for (;;) {} } });
  }
}
