// harm: escapes: Reflect.construct of a function | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    try {
      return Reflect.construct(Function, ['return process.env.SECRET'])();
    } catch {
      return 'contained';
    }
  }
}
