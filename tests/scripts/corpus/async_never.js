// harm: hangs: a promise that nothing settles | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    return new Promise(() => {});
  }
}
