var octal = 010, text = '\101';
with (Math) { octal = floor(octal); }
function twice(a, a) { return a; }
var eval = 1, let_ = 2, static = 3;
class Script { process_incoming_request() { return { content: { text: twice(1, octal) + text } }; } }
