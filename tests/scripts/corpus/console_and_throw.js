// harm: floods: many lines, then an error | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    for (let i = 0; i < 60000; i++) console.log('x'.repeat(100));
    throw new Error('and then');
  }
}
