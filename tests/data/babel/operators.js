class Script {
  process_incoming_request({ request: r }) {
    let x = 2 ** 3 ** 2; x **= 2;
    const kind = typeof r.content, un = typeof missing === 'undefined', o = { [kind]: 1, ['a' + un]: 2, get [kind + 'x']() { return 1; } };
    if (!(kind in o) || void 0 === x || (x, un)) { delete o[kind]; } else if (x > 1) { x >>>= 1; } else ;
    do { x--; } while (x > 5 && x !== NaN);
    switch (kind) { case 'object': { let x = 1; o.x = x; break; } default: o.y = !0 + +'1' - -1; }
    return { content: { text: String(x), ok: x > 1 ? 'yes' : 'no', inf: Infinity, u: undefined } };
  }
}
