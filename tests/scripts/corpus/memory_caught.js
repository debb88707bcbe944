// harm: hangs: it catches the lack of memory and goes on | expect: timeout|memory | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = [];
    for (;;) {
      try { for (;;) all.push('x'.repeat(1e6) + all.length); } catch { /* go on */ }
    }
  }
}
