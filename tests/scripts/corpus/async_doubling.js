// harm: hangs: every job asks for two | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const kept = [];
    const twice = () => { kept.push(Promise.resolve().then(twice), Promise.resolve().then(twice)); };
    twice();
    return 'done';
  }
}
