class Script { process_incoming_request() { const x = await fetch('https://example.com'); return x; } }
