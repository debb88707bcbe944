"""The store on SQLite: one writer thread, reads on the loop."""
