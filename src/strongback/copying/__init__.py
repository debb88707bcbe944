"""Copying a database to another engine: every row as it is, and the proof that it is there."""
