// harm: breaks: it throws while it is evaluated | expect: evaluating | kill: no
throw new Error('not today');
class Script { process_incoming_request() { return 'never'; } }
