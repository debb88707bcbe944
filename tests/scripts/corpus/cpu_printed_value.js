// harm: hangs: what is printed never becomes a text | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    console.log({ toString() { for (;;) {} }, toJSON() { for (;;) {} } });
    return 'printed';
  }
}
