// harm: hangs: nobody answers, for the result contains itself | expect: result | kill: no
class Script {
  process_incoming_request({ request }) {
    const cycle = {};
    cycle.cycle = cycle;
    return cycle;
  }
}
