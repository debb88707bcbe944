class Script {
  process_incoming_request({ request }) {
    try { return { content: JSON.parse(request.content.raw) }; } catch { return { content: { text: 'no JSON' } }; }
  }
}
