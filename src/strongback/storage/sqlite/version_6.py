"""The sixth version: the few messages of a room that are hidden, so that all of them are counted at once."""

VERSION_6 = """
CREATE INDEX messages_hidden ON messages (rid) WHERE NOT shown;
"""
