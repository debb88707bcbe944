// harm: hangs: it goes on in finally | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const spin = () => {
      try { for (;;) {} } finally { spin(); }
    };
    spin();
  }
}
