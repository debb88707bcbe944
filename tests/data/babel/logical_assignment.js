class Script {
  process_incoming_request({ request }) {
    const o = request.content;
    o.text ||= 'empty';
    o.count &&= o.count + 1;
    o.inner.name ??= o.default_name;
    o[key()] ??= 1;
    return { content: o };
  }
}
function key() { return 'k'; }
