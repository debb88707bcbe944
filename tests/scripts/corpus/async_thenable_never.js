// harm: hangs: a result that never calls back | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    return { then() {} };
  }
}
