"""The fifth version: who holds a role anywhere, and who is not offline."""

VERSION_5 = """
CREATE INDEX room_roles_role ON room_roles (role);

ALTER TABLE users ADD COLUMN reachable INTEGER GENERATED ALWAYS AS
    (coalesce(json_extract(text, '$.status') IN ('online', 'away', 'busy'), 0)) VIRTUAL;
CREATE INDEX users_reachable ON users (reachable, username, id) WHERE reachable = 1;
"""
