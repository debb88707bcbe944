// harm: floods: sixty thousand lines | expect: = "done" | kill: no
class Script {
  process_incoming_request({ request }) {
    for (let i = 0; i < 60000; i++) console.log('x'.repeat(100));
    return 'done';
  }
}
