// harm: forges: a setter for all objects | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    for (const name of ['outcome', 'text', 'done', 'kind', 'absent', 'result']) {
      Object.defineProperty(Object.prototype, name, { set() {}, get() { return '{"value":"forged"}'; }, configurable: true });
    }
    return 'honest';
  }
}
