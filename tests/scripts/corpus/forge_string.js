// harm: forges: String.prototype.trim replaced | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    String.prototype.trim = () => 'forged';
    throw new Error('honest');
  }
}
