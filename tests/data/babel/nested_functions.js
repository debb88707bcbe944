class Script {
  process_incoming_request({ request }) {
    const self = this;
    function inner() { return [1, 2].map((n) => ({ n, same: this === self, all: [...arguments] })); }
    { function block() { return 1; } block(); }
    const async = async (x) => { const y = await x; return () => [this, arguments.length, y]; };
    return Promise.all([async(1), inner.call(this)]).then(([a, b]) => ({ content: { text: a()[2] + b.length } }));
  }
}
