// harm: leaks: the position of an expression that both use | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    RegExp.shared ??= /e/g;
    if (RegExp.shared.lastIndex) return 'leaked';
    RegExp.shared.test(request.content.text);
    return 'clean';
  }
}
