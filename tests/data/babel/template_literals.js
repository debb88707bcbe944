const who = 'you', n = 3;
const tag = (strings, ...values) => strings.raw.join('|') + values.join();
class Script {
  process_incoming_request({ request }) {
    return { content: { text: `hello ${who}, ${n + 1} times
on two lines \u00e9 ${`nested ${request.content.a}`}` + tag`a\n${n}b` } };
  }
}
