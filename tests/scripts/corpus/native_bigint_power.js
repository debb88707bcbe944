// harm: hangs: powers of large numbers | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    for (;;) 3n ** 600000n;
  }
}
