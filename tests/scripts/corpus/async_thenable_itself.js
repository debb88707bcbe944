// harm: hangs: a result that resolves to itself for ever | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    return { then(resolve) { resolve(this); } };
  }
}
