// harm: breaks: something that contains itself | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    const cycle = {};
    cycle.cycle = cycle;
    Store.set('x', cycle);
    return 'stored';
  }
}
