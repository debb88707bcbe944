async function* pages(url) {
  let next = url;
  while (next) {
    const page = await (await fetch(next)).json();
    yield* page.items;
    next = page.next;
  }
}
class Script {
  async process_incoming_request({ request }) {
    const texts = [];
    for await (const item of pages(request.content.url)) texts.push(item);
    return { content: { text: texts.join('\n') } };
  }
}
