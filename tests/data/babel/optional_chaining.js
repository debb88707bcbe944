class Script {
  process_incoming_request({ request }) {
    const text = request?.content?.issue?.title ?? request.content?.['text'] ?? 'nothing';
    const first = request.content.list?.[0]?.();
    delete request?.content?.secret;
    return { content: { text, first: first?.trim() } };
  }
}
