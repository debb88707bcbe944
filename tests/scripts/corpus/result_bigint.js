// harm: hangs: nobody answers, for the result is not JSON | expect: result | kill: no
class Script {
  process_incoming_request({ request }) {
    return { number: 1n };
  }
}
