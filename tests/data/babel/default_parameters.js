function label(name = 'unknown', { upper = false, pad: [left = 0, right = left] = [] } = {}) {
  const shown = upper ? name.toUpperCase() : name;
  return ' '.repeat(left) + shown + ' '.repeat(right) + arguments.length;
}
class Script {
  process_incoming_request({ request } = {}) { return { content: { text: label(request.content.name) } }; }
}
