class Base {
  static kinds = ['a', 'b'];
  prefix = '> ';
  format(text) { return this.prefix + text; }
}
class Script extends Base {
  suffix = '!';
  bound = () => this.suffix;
  constructor() { super(); this.made = Date.now(); }
  format(text) { return super.format(text) + this.bound(); }
  get size() { return 2; }
  set size(v) { this._size = v; }
  static make() { return new Script(); }
  process_incoming_request({ request }) { return { content: { text: this.format(request.content.text) } }; }
}
