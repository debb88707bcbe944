// harm: leaks: a global variable | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    const everything = Function('return this')();
    if (everything.secret) return 'leaked';
    everything.secret = request.content.text;
    return 'clean';
  }
}
