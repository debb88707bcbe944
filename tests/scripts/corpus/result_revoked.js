// harm: hangs: nobody answers, for the result is a revoked proxy | expect: result | kill: no
class Script {
  process_incoming_request({ request }) {
    const { proxy, revoke } = Proxy.revocable({}, {});
    return { get content() { revoke(); return proxy; } };
  }
}
