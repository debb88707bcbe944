// harm: forges: Promise.resolve replaced | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    Promise.resolve = () => ({ then(use) { use('forged'); } });
    return 'honest';
  }
}
