// harm: floods: a result of eight megabytes | expect: result|memory | kill: no
class Script {
  process_incoming_request({ request }) {
    return 'x'.repeat(8e6);
  }
}
