// harm: hangs: a loop while the script is evaluated | expect: timeout | kill: no
for (;;) {}
class Script { process_incoming_request() { return 'never'; } }
