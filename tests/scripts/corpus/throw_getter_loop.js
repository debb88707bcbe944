// harm: hangs: the message of its error never comes | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    throw { get message() { for (;;) {} } };
  }
}
