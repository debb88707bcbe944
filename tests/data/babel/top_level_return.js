if (typeof Script !== 'undefined') return;
with_this = this;
class Script { process_incoming_request() { return { content: { text: 'x' } }; } }
