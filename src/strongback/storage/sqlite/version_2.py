"""The second version: messages in order, the outbox of deliveries, what keeps hooks from posting twice, secrets."""

OPEN = "('pending', 'sending')"
"""The states of a delivery that has not reached its end."""

_LAST = (
    "json_extract(text, '$.t') IS NULL AND coalesce(json_extract(text, '$._hidden'), 0) = 0"
    " AND (json_extract(text, '$.tmid') IS NULL OR coalesce(json_extract(text, '$.tshow'), 0) = 1)"
)

VERSION_2 = f"""
ALTER TABLE sequence ADD COLUMN triggers INTEGER NOT NULL DEFAULT 0;
UPDATE sequence SET triggers = value;

ALTER TABLE messages ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN in_room INTEGER NOT NULL DEFAULT 1;
ALTER TABLE messages ADD COLUMN shown INTEGER NOT NULL DEFAULT 1;
UPDATE messages SET last = ({_LAST}), shown = coalesce(json_extract(text, '$._hidden'), 0) = 0,
    in_room = json_extract(text, '$.tmid') IS NULL OR coalesce(json_extract(text, '$.tshow'), 0) = 1;
DROP INDEX messages_rid;
CREATE INDEX messages_rid ON messages (rid, created, id);
CREATE INDEX messages_last ON messages (rid, created, id) WHERE last;

ALTER TABLE rooms ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN direct TEXT;
CREATE INDEX rooms_direct ON rooms (direct) WHERE direct IS NOT NULL;
UPDATE rooms SET messages = (SELECT count(*) FROM messages WHERE rid = rooms.id AND shown),
    text = json_remove(text, '$.msgs', '$.lm', '$.lastMessage');
UPDATE OR IGNORE rooms SET direct = (SELECT group_concat(value, ',') FROM
    (SELECT value FROM json_each(json_extract(rooms.text, '$.uids')) ORDER BY value)) WHERE type = 'd';
CREATE TRIGGER message_added AFTER INSERT ON messages WHEN NEW.shown BEGIN
    UPDATE rooms SET messages = messages + 1 WHERE id = NEW.rid;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF shown ON messages WHEN NEW.shown <> OLD.shown BEGIN
    UPDATE rooms SET messages = messages + iif(NEW.shown, 1, -1) WHERE id = NEW.rid;
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN OLD.shown BEGIN
    UPDATE rooms SET messages = messages - 1 WHERE id = OLD.rid;
END;

CREATE INDEX integrations_revision ON integrations (revision);
CREATE TABLE integrations_gone (id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX integrations_gone_revision ON integrations_gone (revision);
CREATE TABLE secrets (integration TEXT NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;

ALTER TABLE history ADD COLUMN copy INTEGER;
CREATE INDEX history_updated ON history (updated);
CREATE INDEX history_copy ON history (integration_id, copy) WHERE copy IS NOT NULL;
CREATE TABLE copies (integration TEXT NOT NULL, revision INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (integration, revision)) WITHOUT ROWID;

CREATE TABLE events (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, rid TEXT, message TEXT,
    user_id TEXT NOT NULL, hops INTEGER NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 0, many INTEGER NOT NULL DEFAULT 0);
CREATE INDEX events_created ON events (created);
CREATE TABLE origins (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE);
CREATE TABLE targets (id INTEGER PRIMARY KEY, integration TEXT NOT NULL, url TEXT NOT NULL, origin INTEGER NOT NULL,
    UNIQUE (integration, url));
CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, event INTEGER NOT NULL, number INTEGER NOT NULL,
    replay INTEGER NOT NULL, target INTEGER NOT NULL, origin INTEGER NOT NULL, trigger_word TEXT, state TEXT NOT NULL,
    reason TEXT, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, worker TEXT, lease INTEGER, request TEXT,
    request_revision INTEGER, created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX outbox_due ON outbox (origin, next_at, sequence) WHERE state = 'pending';
CREATE INDEX outbox_leased ON outbox (lease) WHERE state = 'sending';
CREATE INDEX outbox_ended ON outbox (target, sequence) WHERE state NOT IN {OPEN};
CREATE INDEX outbox_replays ON outbox (event, number, replay) WHERE replay > 0;
CREATE VIEW deliveries AS
    SELECT d.sequence, e.id || '.' || d.number || iif(d.replay > 0, '.' || d.replay, '') AS id, e.id AS event,
        t.integration, t.url, o.origin, d.trigger_word, d.state, d.reason, d.attempts, d.next_at, d.worker, d.lease,
        d.request, d.request_revision, d.replay, d.created, d.updated
    FROM outbox d CROSS JOIN events e ON e.sequence = d.event CROSS JOIN targets t ON t.id = d.target
        CROSS JOIN origins o ON o.id = d.origin;
CREATE VIEW open_deliveries AS
    SELECT t.integration, d.sequence FROM targets t CROSS JOIN outbox d
        ON d.state = 'pending' AND d.origin = t.origin AND d.target = t.id
    UNION ALL SELECT t.integration, d.sequence FROM outbox d CROSS JOIN targets t ON t.id = d.target
        WHERE d.state = 'sending' AND d.lease IS NOT NULL;
CREATE TABLE queues (integration TEXT NOT NULL PRIMARY KEY, open INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER) WITHOUT ROWID;
CREATE TRIGGER copy_added AFTER INSERT ON copies BEGIN
    INSERT OR IGNORE INTO queues (integration, open) VALUES (NEW.integration, 0); -- retention goes by these rows
END;
CREATE TRIGGER delivery_ended AFTER UPDATE OF state ON outbox
        WHEN OLD.state IN {OPEN} AND NEW.state NOT IN {OPEN} BEGIN
    UPDATE queues SET open = open - 1
        WHERE integration = (SELECT integration FROM targets WHERE id = NEW.target);
END;
CREATE TRIGGER integration_gone AFTER DELETE ON integrations BEGIN
    INSERT OR REPLACE INTO integrations_gone VALUES (OLD.id, (SELECT value FROM sequence));
    UPDATE outbox SET state = 'cancelled', reason = 'the integration was removed', worker = NULL, lease = NULL
        WHERE sequence IN (SELECT sequence FROM open_deliveries WHERE integration = OLD.id);
    DELETE FROM secrets WHERE integration = OLD.id;
    DELETE FROM queues WHERE integration = OLD.id;
    DELETE FROM keys WHERE integration = OLD.id;
END;

CREATE TABLE keys (integration TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (integration, key)) WITHOUT ROWID;
CREATE INDEX keys_created ON keys (created);
"""
