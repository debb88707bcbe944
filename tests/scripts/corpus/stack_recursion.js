// harm: crashes: a function that calls itself | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    const down = () => down() + 1;
    return down();
  }
}
