// harm: floods: a line of eight megabytes | expect: = "done" | kill: no
class Script {
  process_incoming_request({ request }) {
    console.log('x'.repeat(8e6));
    return 'done';
  }
}
