// harm: hangs: parsing a long program, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const source = 'x=1;'.repeat(2e5);
    for (;;) { try { (0, eval)(source); } catch { /* go on */ } }
  }
}
