class Script {
  async process_incoming_request({ request }) {
    const response = await fetch('https://example.com/' + request.content.id);
    if (!response.ok) throw new Error('no answer');
    const items = await response.json();
    for (const item of items) {
      await Store.set(item.id, item);
    }
    return { content: { text: items.map((item) => item.name).join(', ') } };
  }
}
