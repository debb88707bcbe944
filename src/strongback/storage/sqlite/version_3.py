"""The third version: who is in a room and what they have seen, marks on messages, threads, search."""

VERSION_3 = """
ALTER TABLE users ADD COLUMN status_connection TEXT;
UPDATE users SET status_connection = json_extract(text, '$.statusConnection');

CREATE INDEX rooms_type ON rooms (type, name, id);

ALTER TABLE subscriptions ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN alert INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN user_mentions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN group_mentions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN member_name TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN member_status TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN member_active INTEGER NOT NULL DEFAULT 0;
UPDATE subscriptions SET type = coalesce(json_extract(text, '$.t'), ''),
    seen = coalesce(CAST(round((julianday(json_extract(text, '$.ls')) - 2440587.5) * 86400000) AS INTEGER), 0);
UPDATE subscriptions SET alert = coalesce(json_extract(text, '$.alert'), 0),
    unread = coalesce(json_extract(text, '$.unread'), 0),
    user_mentions = coalesce(json_extract(text, '$.userMentions'), 0),
    group_mentions = coalesce(json_extract(text, '$.groupMentions'), 0) WHERE seen = 0;
UPDATE subscriptions SET
    text = json_remove(text, '$.ls', '$.alert', '$.unread', '$.userMentions', '$.groupMentions'),
    member_name = coalesce((SELECT username FROM users u WHERE u.id = user_id), ''),
    member_status = coalesce((SELECT status_connection FROM users u WHERE u.id = user_id), ''),
    member_active = coalesce((SELECT active FROM users u WHERE u.id = user_id), 0);
UPDATE subscriptions SET dates = json_insert(dates, '$[#]', json('["ls"]')) WHERE dates NOT LIKE '%["ls"]%';
CREATE INDEX subscriptions_members ON subscriptions (rid, member_active, member_status DESC, member_name, user_id);
CREATE TRIGGER member_added AFTER INSERT ON subscriptions BEGIN
    UPDATE subscriptions SET (member_name, member_status, member_active) =
        (SELECT username, coalesce(status_connection, ''), active FROM users WHERE id = NEW.user_id)
        WHERE id = NEW.id AND EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id);
END;
CREATE TRIGGER member_changed AFTER UPDATE OF username, status_connection, active ON users
        WHEN NEW.username <> OLD.username OR NEW.status_connection IS NOT OLD.status_connection
            OR NEW.active <> OLD.active BEGIN
    UPDATE subscriptions SET member_name = NEW.username, member_status = coalesce(NEW.status_connection, ''),
        member_active = NEW.active WHERE user_id = NEW.id;
END;
CREATE TRIGGER member_made AFTER INSERT ON users BEGIN
    UPDATE subscriptions SET member_name = NEW.username, member_status = coalesce(NEW.status_connection, ''),
        member_active = NEW.active WHERE user_id = NEW.id;
END;

ALTER TABLE messages ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN thread TEXT;
ALTER TABLE messages ADD COLUMN thread_updated INTEGER;
ALTER TABLE messages ADD COLUMN words TEXT GENERATED ALWAYS AS
    (CASE WHEN shown AND json_extract(text, '$.t') IS NULL THEN json_extract(text, '$.msg') END) VIRTUAL;
UPDATE messages SET thread = json_extract(text, '$.tmid'), pinned = coalesce(json_extract(text, '$.pinned'), 0),
    updated = coalesce(CAST(round((julianday(json_extract(text, '$._updatedAt')) - 2440587.5) * 86400000) AS INTEGER), 0),
    thread_updated = CAST(round((julianday(json_extract(text, '$.tlm')) - 2440587.5) * 86400000) AS INTEGER);
CREATE INDEX messages_updated ON messages (rid, updated, id);
CREATE INDEX messages_pinned ON messages (rid, created, id) WHERE pinned;
CREATE INDEX messages_thread ON messages (thread, created, id) WHERE thread IS NOT NULL;
CREATE INDEX messages_roots ON messages (rid, thread_updated, id) WHERE thread_updated IS NOT NULL;

CREATE TABLE mentions (user_id TEXT NOT NULL, rid TEXT NOT NULL, created INTEGER NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (user_id, rid, created, message)) WITHOUT ROWID;
CREATE INDEX mentions_message ON mentions (message);
INSERT OR IGNORE INTO mentions SELECT json_extract(j.value, '$._id'), m.rid, m.created, m.id
    FROM messages m, json_each(m.text, '$.mentions') j WHERE m.shown AND json_extract(j.value, '$._id') IS NOT NULL;
CREATE TABLE stars (user_id TEXT NOT NULL, rid TEXT NOT NULL, created INTEGER NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (user_id, rid, created, message)) WITHOUT ROWID;
CREATE INDEX stars_message ON stars (message);
INSERT OR IGNORE INTO stars SELECT json_extract(j.value, '$._id'), m.rid, m.created, m.id
    FROM messages m, json_each(m.text, '$.starred') j WHERE json_extract(j.value, '$._id') IS NOT NULL;
CREATE TABLE trash (id TEXT NOT NULL PRIMARY KEY, rid TEXT NOT NULL, deleted INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX trash_rid ON trash (rid, deleted, id);
CREATE TRIGGER message_trashed AFTER DELETE ON messages BEGIN
    DELETE FROM mentions WHERE message = OLD.id;
    DELETE FROM stars WHERE message = OLD.id;
    INSERT OR REPLACE INTO trash SELECT OLD.id, OLD.rid,
        CAST(strftime('%s', 'now') AS INTEGER) * 1000
            + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) FROM rooms WHERE id = OLD.rid;
END;
CREATE TRIGGER room_trashed AFTER DELETE ON rooms BEGIN
    DELETE FROM trash WHERE rid = OLD.id;
END;

CREATE VIRTUAL TABLE search USING fts5 (rid, words, content = 'messages', content_rowid = 'rowid',
    tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO search (rowid, rid, words) SELECT rowid, rid, words FROM messages WHERE words IS NOT NULL;
CREATE TRIGGER search_added AFTER INSERT ON messages WHEN NEW.words IS NOT NULL BEGIN
    INSERT INTO search (rowid, rid, words) VALUES (NEW.rowid, NEW.rid, NEW.words);
END;
CREATE TRIGGER search_removed AFTER DELETE ON messages WHEN OLD.words IS NOT NULL BEGIN
    INSERT INTO search (search, rowid, rid, words) VALUES ('delete', OLD.rowid, OLD.rid, OLD.words);
END;
CREATE TRIGGER search_changed AFTER UPDATE OF text, shown ON messages WHEN NEW.words IS NOT OLD.words BEGIN
    INSERT INTO search (search, rowid, rid, words)
        SELECT 'delete', OLD.rowid, OLD.rid, OLD.words WHERE OLD.words IS NOT NULL;
    INSERT INTO search (rowid, rid, words) SELECT NEW.rowid, NEW.rid, NEW.words WHERE NEW.words IS NOT NULL;
END;
"""
