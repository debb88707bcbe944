// harm: forges: a toJSON for all objects | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    Object.prototype.toJSON = () => ({ value: 'forged' });
    return 'honest';
  }
}
