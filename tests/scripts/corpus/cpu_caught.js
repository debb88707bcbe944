// harm: hangs: it catches whatever interrupts its loop | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    for (;;) {
      try { for (;;) {} } catch { /* go on */ }
    }
  }
}
