// harm: hangs: compiling a long regular expression, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const source = '[a-z]?'.repeat(1e5);
    for (;;) new RegExp(source);
  }
}
