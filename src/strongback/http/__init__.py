"""HTTP: endpoints as values, one dispatcher, the envelopes of the wire."""
