// harm: crashes: JSON of two hundred thousand brackets | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    return JSON.parse('['.repeat(2e5)+ ']'.repeat(2e5));
  }
}
