// harm: crashes: a getter that reads itself | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    const object = { get again() { return this.again + 1; } };
    return object.again;
  }
}
