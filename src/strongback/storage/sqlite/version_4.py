"""The fourth version: since when a room is closed in its member's list, and who has left which room."""

VERSION_4 = """
ALTER TABLE subscriptions ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
UPDATE subscriptions SET closed = max(1, coalesce(
        CAST(round((julianday(json_extract(text, '$._updatedAt')) - 2440587.5) * 86400000) AS INTEGER), 0))
    WHERE json_extract(text, '$.open') = 0;
UPDATE subscriptions SET text = json_remove(text, '$.open');

CREATE TABLE departures (id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, rid TEXT NOT NULL,
    at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX departures_user ON departures (user_id, at, id);
CREATE TRIGGER member_departed AFTER DELETE ON subscriptions BEGIN
    INSERT OR REPLACE INTO departures SELECT OLD.id, OLD.user_id, OLD.rid,
        CAST(strftime('%s', 'now') AS INTEGER) * 1000
            + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) FROM users WHERE id = OLD.user_id;
END;
CREATE TRIGGER departed_user_removed AFTER DELETE ON users BEGIN
    DELETE FROM departures WHERE user_id = OLD.id;
END;
"""
