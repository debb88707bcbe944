// harm: leaks: a promise that goes on in the run of another | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    const everything = Function('return this')();

    if (everything.later) { everything.later('leaked'); return everything.kept; }
    everything.kept = new Promise((resolve) => { everything.later = resolve; });
    return 'clean';
  }
}
