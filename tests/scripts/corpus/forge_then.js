// harm: forges: Promise.prototype.then replaced | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    Promise.prototype.then = function (use) { use('forged'); };
    return 'honest';
  }
}
