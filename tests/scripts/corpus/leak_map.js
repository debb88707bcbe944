// harm: leaks: a class that was replaced | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if (new Map().secret) return 'leaked';
    const everything = Function('return this')();
    everything.Map = class { secret = 1; };
    return 'clean';
  }
}
