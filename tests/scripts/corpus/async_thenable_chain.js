// harm: hangs: a result that resolves to another result for ever | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const another = () => ({ then(resolve) { resolve(another()); } });
    return another();
  }
}
