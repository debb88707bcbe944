const numbers = [0b101, 0o17, 0xff, 1_000_000, 10n, .5, 5., 1e3, 1000000, -0];
const texts = ['it\'s', "say \"hi\"", 'caf\u00e9', 'ünïcödé', '😀', '\x00\u{1F600}', 'a\
b'];
class Script { process_incoming_request() { return { content: { text: numbers.concat(texts).join() } }; } }
