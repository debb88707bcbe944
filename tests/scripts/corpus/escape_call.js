// harm: escapes: a host function that is called by call | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    Function.prototype.call = function () { return this('open'); };
    return 'contained';
  }
}
