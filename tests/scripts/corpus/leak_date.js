// harm: leaks: a clock that was put back | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    if (Date.now() === 0) return 'leaked';
    Date.now = () => 0;
    return 'clean';
  }
}
