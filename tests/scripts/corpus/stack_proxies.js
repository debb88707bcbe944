// harm: crashes: a proxy of a proxy of a proxy | expect: memory|running | kill: no
class Script {
  process_incoming_request({ request }) {
    let proxy = {};
    for (let i = 0; i < 2e5; i++) proxy = new Proxy(proxy, {});
    return proxy.x;
  }
}
