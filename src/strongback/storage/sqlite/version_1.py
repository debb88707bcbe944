"""The first version of the tables: documents, tokens, links."""

ROW = (
    "id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, text TEXT NOT NULL, dates TEXT NOT NULL, hidden TEXT"
)

VERSION_1 = f"""
CREATE TABLE sequence (value INTEGER NOT NULL, access INTEGER NOT NULL);
INSERT INTO sequence VALUES (0, 0);

CREATE TABLE users ({ROW}, username TEXT NOT NULL UNIQUE, username_fold TEXT NOT NULL, roles TEXT NOT NULL,
    active INTEGER NOT NULL, created INTEGER NOT NULL);
CREATE INDEX users_fold ON users (username_fold);
CREATE INDEX users_created ON users (created, id);
CREATE TABLE user_roles (role TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (role, user_id)) WITHOUT ROWID;
CREATE INDEX user_roles_user ON user_roles (user_id);
CREATE TABLE emails (address TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (address, user_id)) WITHOUT ROWID;
CREATE INDEX emails_user ON emails (user_id);
CREATE TABLE tokens (user_id TEXT NOT NULL, hash TEXT NOT NULL, name TEXT, created INTEGER NOT NULL,
    body TEXT NOT NULL, dates TEXT NOT NULL, PRIMARY KEY (user_id, hash)) WITHOUT ROWID;
CREATE INDEX tokens_hash ON tokens (hash);

CREATE TABLE rooms ({ROW}, name TEXT, type TEXT NOT NULL, archived INTEGER NOT NULL, prid TEXT, team_id TEXT,
    is_default TEXT, members INTEGER NOT NULL, created INTEGER NOT NULL);
CREATE UNIQUE INDEX rooms_name ON rooms (name) WHERE name IS NOT NULL;
CREATE INDEX rooms_prid ON rooms (prid) WHERE prid IS NOT NULL;
CREATE INDEX rooms_default ON rooms (is_default) WHERE is_default IS NOT NULL;
CREATE INDEX rooms_created ON rooms (created, id);

CREATE TABLE subscriptions ({ROW}, rid TEXT NOT NULL, user_id TEXT NOT NULL, roles TEXT NOT NULL,
    created INTEGER NOT NULL, UNIQUE (rid, user_id));
CREATE INDEX subscriptions_user ON subscriptions (user_id, revision);
CREATE INDEX subscriptions_rid ON subscriptions (rid, revision);
CREATE TABLE room_roles (rid TEXT NOT NULL, role TEXT NOT NULL, user_id TEXT NOT NULL,
    PRIMARY KEY (rid, role, user_id)) WITHOUT ROWID;
CREATE TRIGGER subscription_added AFTER INSERT ON subscriptions BEGIN
    UPDATE rooms SET members = members + 1 WHERE id = NEW.rid;
END;
CREATE TRIGGER subscription_removed AFTER DELETE ON subscriptions BEGIN
    UPDATE rooms SET members = members - 1 WHERE id = OLD.rid;
    DELETE FROM room_roles WHERE rid = OLD.rid AND user_id = OLD.user_id;
END;

CREATE TABLE messages ({ROW}, rid TEXT NOT NULL, user_id TEXT NOT NULL, created INTEGER NOT NULL);
CREATE INDEX messages_rid ON messages (rid, created);
CREATE INDEX messages_user ON messages (user_id);

CREATE TABLE settings ({ROW});
CREATE TABLE permissions ({ROW});
CREATE TABLE roles ({ROW});

CREATE TABLE integrations ({ROW}, type TEXT NOT NULL, user_id TEXT, created_by TEXT, created INTEGER NOT NULL);
CREATE INDEX integrations_created ON integrations (created, id);
CREATE INDEX integrations_creator ON integrations (created_by, created, id);
CREATE INDEX integrations_type ON integrations (type, created, id);
CREATE INDEX integrations_user ON integrations (user_id, revision);
CREATE TABLE links (integration TEXT NOT NULL, position INTEGER NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL,
    target TEXT, PRIMARY KEY (integration, position)) WITHOUT ROWID;
CREATE INDEX links_target ON links (kind, target, integration);
CREATE TABLE urls (url TEXT NOT NULL, integration TEXT NOT NULL, PRIMARY KEY (url, integration)) WITHOUT ROWID;
CREATE INDEX urls_integration ON urls (integration);
CREATE TRIGGER integration_removed AFTER DELETE ON integrations BEGIN
    DELETE FROM links WHERE integration = OLD.id;
    DELETE FROM urls WHERE integration = OLD.id;
END;

CREATE TABLE history ({ROW}, integration_id TEXT NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX history_integration ON history (integration_id, updated DESC, id);

CREATE TRIGGER room_removed AFTER DELETE ON rooms BEGIN
    UPDATE links SET target = NULL WHERE kind = 'room' AND target = OLD.id;
END;
CREATE TRIGGER user_removed AFTER DELETE ON users BEGIN
    UPDATE links SET target = NULL WHERE kind = 'user' AND target = OLD.id;
    DELETE FROM user_roles WHERE user_id = OLD.id;
    DELETE FROM emails WHERE user_id = OLD.id;
    DELETE FROM tokens WHERE user_id = OLD.id;
END;
"""
