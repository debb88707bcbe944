// harm: crashes: a replacement that replaces | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    const again = () => 'x'.replace('x', again);
    return again();
  }
}
