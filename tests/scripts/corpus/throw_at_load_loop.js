// harm: hangs: what it throws while it is evaluated never becomes a text | expect: timeout | kill: no
throw { get message() { for (;;) {} }, toString() { for (;;) {} } };
class Script { process_incoming_request() { return 'never'; } }
