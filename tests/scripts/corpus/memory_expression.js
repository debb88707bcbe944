// harm: hangs: a regular expression that grows when it is compiled | expect: timeout|memory | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = [];
    for (;;) all.push(new RegExp('(?:a{0,250}b{0,250}){0,250}[' + 'x-z'.repeat(20000) + ']'.repeat(1) + all.length));
  }
}
