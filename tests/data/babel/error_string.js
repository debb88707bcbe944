class Script { process_incoming_request() { return 'never ends; } }
