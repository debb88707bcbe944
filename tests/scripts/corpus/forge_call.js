// harm: forges: Function.prototype.call replaced | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    Function.prototype.call = function () { return this.name === 'gate' ? 'forged' : this(); };
    return 'honest';
  }
}
