const merge = (...objects) => Object.assign({}, ...objects);
const add = (first, ...others) => others.reduce((a, b) => a + b, first);
class Script {
  process_incoming_request({ request }) {
    const { text, ...others } = request.content;
    const list = [1, ...[2, 3], ...new Set([4])];
    return { content: { ...merge(others, { text }), sum: add(...list), max: Math.max(...list, 9) } };
  }
}
