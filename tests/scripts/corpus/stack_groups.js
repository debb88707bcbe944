// harm: crashes: a regular expression of groups in groups | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    return new RegExp('(?:'.repeat(2e5) + ')'.repeat(2e5)).test('');
  }
}
