const fixed = 1;
class Script { process_incoming_request() { fixed = 2; return { content: { text: fixed } }; } }
