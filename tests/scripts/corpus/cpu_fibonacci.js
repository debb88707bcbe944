// harm: hangs: work that doubles at every step | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));
    return fibonacci(60);
  }
}
