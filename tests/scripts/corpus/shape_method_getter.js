// harm: hangs: its method is a getter that never answers | expect: timeout | kill: no
class Script { get process_incoming_request() { for (;;) {} } }
