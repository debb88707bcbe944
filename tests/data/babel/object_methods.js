const base = { greet() { return 'hi'; } };
const object = {
  __proto__: base,
  greet() { return super.greet() + '!'; },
  async later() { return await this.greet(); },
  *many() { yield* [1, 2]; },
  async *stream() { yield 1; },
  get one() { return 1; },
  'quoted-key': 1, 'plain': 2, default: 3, 4: 5,
};
class Script { process_incoming_request() { return { content: { text: object.greet() } }; } }
