// harm: escapes: it ends the function around it | expect: evaluating | kill: no
return Script; }), (globalThis.__stolen = process.env.SECRET), (function () {
class Script { process_incoming_request() { return Function('return __stolen')(); } }
