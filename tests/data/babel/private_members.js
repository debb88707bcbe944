class Script {
  #count = 0;
  static #total = 1;
  #next() { return ++this.#count; }
  process_incoming_request() { return { content: { text: String(this.#next() + Script.#total) } }; }
}
