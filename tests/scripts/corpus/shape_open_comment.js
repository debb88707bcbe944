// harm: breaks: it ends in a comment | expect: evaluating | kill: no
class Script { process_incoming_request() { return 'never'; } } /*
