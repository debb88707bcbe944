// harm: leaks: a spy on the requests of others | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    const everything = Function('return this')();

    if (everything.seen) return 'leaked ' + everything.seen;
    const parse = JSON.parse;
    JSON.parse = (text) => { everything.seen = text; return parse(text); };
    return 'clean';
  }
}
