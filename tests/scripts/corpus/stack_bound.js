// harm: crashes: a function that is bound again and again | expect: memory|running | kill: no
class Script {
  process_incoming_request({ request }) {
    let bound = () => 1;
    for (let i = 0; i < 2e5; i++) bound = Object.defineProperty(bound.bind(null), 'name', { value: '' });
    return bound();
  }
}
