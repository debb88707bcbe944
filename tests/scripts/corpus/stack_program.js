// harm: crashes: a program of brackets in brackets | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    return (0, eval)('['.repeat(2e5) + ']'.repeat(2e5)).length;
  }
}
