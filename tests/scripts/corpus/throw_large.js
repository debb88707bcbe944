// harm: floods: an error of eight megabytes | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw new Error('x'.repeat(8e6));
  }
}
