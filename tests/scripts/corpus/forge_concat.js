// harm: forges: Array.prototype.concat replaced; the next script is another | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    Array.prototype.concat = () => ['return class { process_incoming_request() { return "forged"; } }'];
    return 'honest';
  }
}
