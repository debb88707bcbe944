"""One file a resource: what its routes take, which service they call, what they answer."""
