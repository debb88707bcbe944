// harm: hangs: a reviver that never answers | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    JSON.parse('[1]', () => { for (;;) {} });
  }
}
