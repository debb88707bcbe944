// harm: leaks: a spy on the sources of others | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if (Array.seen) return 'leaked ' + Array.seen;
    const { concat } = Array.prototype;
    Array.prototype.concat = function (source) { Array.seen = source; Array.prototype.concat = concat; return this.concat(source); };
    return 'clean';
  }
}
