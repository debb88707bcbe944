// harm: hangs: a loop in the constructor | expect: timeout | kill: no
class Script {
  constructor() { for (;;) {} }
  process_incoming_request() { return 'never'; }
}
