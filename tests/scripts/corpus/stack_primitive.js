// harm: crashes: a value that becomes a number by itself | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    const value = { [Symbol.toPrimitive]() { return +value; } };
    return +value;
  }
}
