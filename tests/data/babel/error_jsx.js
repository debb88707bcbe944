class Script { process_incoming_request() { return <b>hello</b>; } }
