// harm: forges: Promise replaced | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    const Forged = class { then(use) { use('forged'); } };
    Forged.resolve = () => new Forged();
    (0, eval)('this').Promise = Forged;
    return 'honest';
  }
}
