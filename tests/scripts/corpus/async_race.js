// harm: hangs: a race that nobody wins | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    return Promise.race([]);
  }
}
