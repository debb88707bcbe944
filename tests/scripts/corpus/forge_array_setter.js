// harm: forges: setters for the entries of all lists | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    const push = Array.prototype.push;
    for (const index of [0, 1, 2, 3]) {
      Object.defineProperty(Array.prototype, index, { set() {}, get() { return 'forged'; }, configurable: true });
    }
    Array.prototype.concat = () => ['a', 'return class { process_incoming_request() { return "forged"; } }'];
    Array.prototype[Symbol.iterator] = function* () { yield 'forged'; };
    return 'honest';
  }
}
