// harm: breaks: it does not parse | expect: evaluating | kill: no
class Script { process_incoming_request( }
