// harm: forges: Function.prototype.apply replaced; the next script is another | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    class Forged { process_incoming_request() { return 'forged'; } }
    Function.prototype.apply = () => () => Forged;
    Reflect.apply = () => 'forged';
    return 'honest';
  }
}
