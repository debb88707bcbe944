// harm: escapes: a proxy that hands its trap to the host | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return new Proxy({}, { get: (_, name) => name.constructor.constructor('return process.env.SECRET')() }).x;
    } catch {
      return 'contained';
    }
  }
}
