// harm: breaks: it has no class | expect: evaluating | kill: no
function process_incoming_request() { return 'never'; }
