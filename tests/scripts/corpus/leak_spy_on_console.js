// harm: leaks: a spy on what others print | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if (console.seen) return 'leaked';
    const { log } = console;
    console.log = (...items) => { console.seen = items; log(...items); };
    console.log('printed');
    return 'clean';
  }
}
