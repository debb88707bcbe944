function* count(from, to) {
  for (let n = from; n <= to; n++) {
    const skip = yield n;
    if (skip) n += skip;
  }
  return 'done';
}
class Script {
  process_incoming_request() {
    return { content: { text: [...count(1, 3)].join() } };
  }
}
