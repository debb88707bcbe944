class Script {
  process_incoming_request({ request }) {
    const later = [];
    for (let i = 0; i < 3; i++) { later.push(() => i); }
    for (const word of request.content.words) { if (!word) continue; later.push(() => word); if (word === 'stop') break; }
    outer: for (const a of [1, 2]) { for (let b in { x: 1 }) { later.push(() => a + b); continue outer; } }
    return { content: { text: later.map((f) => f()).join() } };
  }
}
