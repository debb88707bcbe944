class Script {
  process_incoming_request({ request }) {
    const sticky = /a+/y, astral = /^.\u{1F600}?[\u{1F600}-\u{1F64F}]$/u, named = /(?<year>\d{4})-(?<month>\d\d)/;
    const m = named.exec(request.content.text);
    return { content: { text: [sticky.test('aa'), astral.test('x'), m && m.groups.year, /\p{Lu}/u.test('A'), /(?<=@)\w+/s.source].join() } };
  }
}
