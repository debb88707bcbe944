// harm: forges: the text of an error is an object with a method | expect: running | kill: no
class Script {
  process_incoming_request({ request }) {
    throw { message: { trim: () => 'forged', toString: () => { throw 1; } } };
  }
}
