// harm: crashes: an error whose message fails to become a text | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    const error = { get message() { throw error.message; } };
    throw error;
  }
}
