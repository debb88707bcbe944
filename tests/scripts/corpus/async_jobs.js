// harm: hangs: every job asks for the next one | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const again = () => { Promise.resolve().then(again); };
    again();
    return 'done';
  }
}
