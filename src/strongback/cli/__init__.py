"""The command `strongback`."""
