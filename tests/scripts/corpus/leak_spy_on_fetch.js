// harm: leaks: a spy on the requests that others make | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    const everything = Function('return this')();

    if (everything.fetch.seen) return 'leaked';
    const original = everything.fetch;
    everything.fetch = (url) => { everything.fetch.seen = url; return original(url); };
    everything.fetch.seen = 'nothing yet';
    return 'clean';
  }
}
