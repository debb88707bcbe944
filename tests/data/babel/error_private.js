class Script { process_incoming_request() { return this.#missing; } }
