"""The first version of the tables: everything that SQLite has at its sixth, with the same names."""

TEXT = 'text COLLATE "C"'
"""Texts compare by their bytes, as on SQLite, whatever the database's own language is."""

ROW = f"id {TEXT} PRIMARY KEY, revision bigint NOT NULL, text text NOT NULL, dates text NOT NULL, hidden text"
OPEN = "('pending', 'sending')"
"""The states of a delivery that has not reached its end."""

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

_STATE = """
CREATE SEQUENCE revisions;
CREATE TABLE state (access bigint NOT NULL, triggers bigint NOT NULL);
INSERT INTO state VALUES (0, 0);
"""

_USERS = f"""
CREATE TABLE users ({ROW}, username {TEXT} NOT NULL UNIQUE, username_fold {TEXT} NOT NULL, roles text NOT NULL,
    active boolean NOT NULL, created bigint NOT NULL, status_connection {TEXT}, reachable boolean NOT NULL);
CREATE INDEX users_fold ON users (username_fold);
CREATE INDEX users_created ON users (created, id);
CREATE INDEX users_reachable ON users (username, id) WHERE reachable;
CREATE TABLE user_roles (role {TEXT} NOT NULL, user_id {TEXT} NOT NULL, PRIMARY KEY (role, user_id));
CREATE INDEX user_roles_user ON user_roles (user_id);
CREATE TABLE emails (address {TEXT} NOT NULL, user_id {TEXT} NOT NULL, PRIMARY KEY (address, user_id));
CREATE INDEX emails_user ON emails (user_id);
CREATE TABLE tokens (user_id {TEXT} NOT NULL, hash {TEXT} NOT NULL, name {TEXT}, created bigint NOT NULL,
    body text NOT NULL, dates text NOT NULL, PRIMARY KEY (user_id, hash));
CREATE INDEX tokens_hash ON tokens (hash);
"""

_ROOMS = f"""
CREATE TABLE rooms ({ROW}, name {TEXT}, type {TEXT} NOT NULL, archived boolean NOT NULL, prid {TEXT}, team_id {TEXT},
    is_default {TEXT}, direct {TEXT}, created bigint NOT NULL, members bigint NOT NULL DEFAULT 0,
    messages bigint NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX rooms_name ON rooms (name) WHERE name IS NOT NULL;
CREATE INDEX rooms_prid ON rooms (prid) WHERE prid IS NOT NULL;
CREATE INDEX rooms_default ON rooms (is_default) WHERE is_default IS NOT NULL;
CREATE INDEX rooms_direct ON rooms (direct) WHERE direct IS NOT NULL;
CREATE INDEX rooms_created ON rooms (created, id);
CREATE INDEX rooms_type ON rooms (type, name NULLS FIRST, id);

CREATE TABLE subscriptions ({ROW}, rid {TEXT} NOT NULL, user_id {TEXT} NOT NULL, roles text NOT NULL,
    created bigint NOT NULL, type {TEXT} NOT NULL, closed bigint NOT NULL, seen bigint NOT NULL,
    alert bigint NOT NULL, unread bigint NOT NULL, user_mentions bigint NOT NULL, group_mentions bigint NOT NULL,
    member_name {TEXT} NOT NULL DEFAULT '', member_status {TEXT} NOT NULL DEFAULT '',
    member_active boolean NOT NULL DEFAULT false, UNIQUE (rid, user_id));
CREATE INDEX subscriptions_user ON subscriptions (user_id, revision);
CREATE INDEX subscriptions_rid ON subscriptions (rid, revision);
CREATE INDEX subscriptions_members ON subscriptions (rid, member_active, member_status DESC, member_name, user_id);
CREATE TABLE room_roles (rid {TEXT} NOT NULL, role {TEXT} NOT NULL, user_id {TEXT} NOT NULL,
    PRIMARY KEY (rid, role, user_id));
CREATE INDEX room_roles_role ON room_roles (role);
CREATE TABLE departures (id {TEXT} PRIMARY KEY, user_id {TEXT} NOT NULL, rid {TEXT} NOT NULL, at bigint NOT NULL);
CREATE INDEX departures_user ON departures (user_id, at, id);
"""

_MESSAGES = f"""
CREATE TABLE messages ({ROW}, rid {TEXT} NOT NULL, user_id {TEXT} NOT NULL, created bigint NOT NULL,
    last boolean NOT NULL, in_room boolean NOT NULL, shown boolean NOT NULL, updated bigint NOT NULL,
    pinned boolean NOT NULL, thread {TEXT}, thread_updated bigint, ts text NOT NULL, search tsvector);
CREATE INDEX messages_rid ON messages (rid, created, id);
CREATE INDEX messages_last ON messages (rid, created, id) WHERE last;
CREATE INDEX messages_hidden ON messages (rid) WHERE NOT shown;
CREATE INDEX messages_user ON messages (user_id);
CREATE INDEX messages_updated ON messages (rid, updated, id);
CREATE INDEX messages_pinned ON messages (rid, created, id) WHERE pinned;
CREATE INDEX messages_thread ON messages (thread, created, id) WHERE thread IS NOT NULL;
CREATE INDEX messages_roots ON messages (rid, thread_updated, id) WHERE thread_updated IS NOT NULL;
CREATE INDEX messages_search ON messages USING gin (search) WHERE search IS NOT NULL;
CREATE TABLE mentions (user_id {TEXT} NOT NULL, rid {TEXT} NOT NULL, created bigint NOT NULL, message {TEXT} NOT NULL,
    PRIMARY KEY (user_id, rid, created, message));
CREATE INDEX mentions_message ON mentions (message);
CREATE TABLE stars (user_id {TEXT} NOT NULL, rid {TEXT} NOT NULL, created bigint NOT NULL, message {TEXT} NOT NULL,
    PRIMARY KEY (user_id, rid, created, message));
CREATE INDEX stars_message ON stars (message);
CREATE TABLE trash (id {TEXT} PRIMARY KEY, rid {TEXT} NOT NULL, deleted bigint NOT NULL);
CREATE INDEX trash_rid ON trash (rid, deleted, id);
"""

_INTEGRATIONS = f"""
CREATE TABLE settings ({ROW});
CREATE TABLE permissions ({ROW});
CREATE TABLE roles ({ROW});

CREATE TABLE integrations ({ROW}, type {TEXT} NOT NULL, user_id {TEXT}, created_by {TEXT}, created bigint NOT NULL);
CREATE INDEX integrations_created ON integrations (created, id);
CREATE INDEX integrations_creator ON integrations (created_by, created, id);
CREATE INDEX integrations_type ON integrations (type, created, id);
CREATE INDEX integrations_user ON integrations (user_id, revision);
CREATE INDEX integrations_revision ON integrations (revision);
CREATE TABLE integrations_gone (id {TEXT} PRIMARY KEY, revision bigint NOT NULL);
CREATE INDEX integrations_gone_revision ON integrations_gone (revision);
CREATE TABLE links (integration {TEXT} NOT NULL, position integer NOT NULL, text text NOT NULL, kind {TEXT} NOT NULL,
    target {TEXT}, PRIMARY KEY (integration, position));
CREATE INDEX links_target ON links (kind, target, integration);
CREATE TABLE urls (url text NOT NULL, integration {TEXT} NOT NULL);
CREATE INDEX urls_url ON urls USING hash (url); -- a URL may be longer than a key of a tree may be
CREATE INDEX urls_integration ON urls (integration);
CREATE TABLE secrets (integration {TEXT} PRIMARY KEY, sealed bytea NOT NULL);

CREATE TABLE history ({ROW}, integration_id {TEXT} NOT NULL, updated bigint NOT NULL, copy bigint);
CREATE INDEX history_integration ON history (integration_id, updated DESC, id);
CREATE INDEX history_updated ON history (updated);
CREATE INDEX history_copy ON history (integration_id, copy) WHERE copy IS NOT NULL;
CREATE TABLE copies (integration {TEXT} NOT NULL, revision bigint NOT NULL, text text NOT NULL,
    PRIMARY KEY (integration, revision));
"""

_OUTBOX = f"""
CREATE TABLE events (sequence bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, id {TEXT} NOT NULL UNIQUE,
    kind text NOT NULL, rid {TEXT}, message {TEXT}, user_id {TEXT} NOT NULL, hops integer NOT NULL, body text NOT NULL,
    created bigint NOT NULL);
CREATE INDEX events_created ON events (created);
CREATE TABLE origins (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, origin {TEXT} NOT NULL UNIQUE);
CREATE TABLE targets (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, integration {TEXT} NOT NULL,
    url text NOT NULL, origin bigint NOT NULL);
CREATE UNIQUE INDEX targets_url ON targets (integration, md5(url));
CREATE TABLE outbox (sequence bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, event bigint NOT NULL,
    number integer NOT NULL, replay integer NOT NULL, target bigint NOT NULL, origin bigint NOT NULL, trigger_word text,
    state {TEXT} NOT NULL, reason text, attempts integer NOT NULL, next_at bigint NOT NULL, worker {TEXT}, lease bigint,
    request text, request_revision bigint, created bigint NOT NULL, updated bigint NOT NULL,
    UNIQUE (event, number, replay))
    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_due ON outbox (origin, next_at, sequence) WHERE state = 'pending';
CREATE INDEX outbox_leased ON outbox (lease) WHERE state = 'sending';
CREATE INDEX outbox_waiting ON outbox (target, sequence) WHERE state IN {OPEN};
CREATE INDEX outbox_ended ON outbox (target, sequence) WHERE state NOT IN {OPEN};
CREATE VIEW deliveries AS
    SELECT d.sequence, e.id || '.' || d.number || CASE WHEN d.replay > 0 THEN '.' || d.replay ELSE '' END AS id,
        e.id AS event, t.integration, t.url, o.origin, d.trigger_word, d.state, d.reason, d.attempts, d.next_at,
        d.worker, d.lease, d.request, d.request_revision, d.replay, d.created, d.updated
    FROM outbox d JOIN events e ON e.sequence = d.event JOIN targets t ON t.id = d.target
        JOIN origins o ON o.id = d.origin;
CREATE TABLE queues (integration {TEXT} PRIMARY KEY, open bigint NOT NULL, failures bigint NOT NULL DEFAULT 0,
    failing_since bigint) WITH (fillfactor = 50);
CREATE TABLE keys (integration {TEXT} NOT NULL, key {TEXT} NOT NULL, digest text NOT NULL, status integer NOT NULL,
    body text NOT NULL, created bigint NOT NULL, PRIMARY KEY (integration, key));
CREATE INDEX keys_created ON keys (created);

CREATE UNLOGGED TABLE tallies (key {TEXT} PRIMARY KEY, reset bigint NOT NULL, calls bigint NOT NULL);
CREATE UNLOGGED TABLE login_failures (key {TEXT} PRIMARY KEY, count bigint NOT NULL, last bigint NOT NULL,
    count_before bigint NOT NULL DEFAULT 0, last_before bigint NOT NULL DEFAULT 0);
CREATE INDEX login_failures_last ON login_failures (last);
"""


def _trigger(name: str, when: str, body: str) -> str:
    """A row trigger with a function of its own name."""
    return f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {body}
    RETURN NULL;
END $$;
CREATE TRIGGER {name} AFTER {when} EXECUTE FUNCTION {name}();
"""


_MEMBER = (
    "UPDATE subscriptions SET member_name = NEW.username, member_status = coalesce(NEW.status_connection, ''),"
    " member_active = NEW.active WHERE user_id = NEW.id;"
)

_TRIGGERS = (
    _trigger(
        "subscription_added",
        "INSERT ON subscriptions FOR EACH ROW",
        """UPDATE rooms SET members = members + 1 WHERE id = NEW.rid;
    UPDATE subscriptions s SET member_name = u.username, member_status = coalesce(u.status_connection, ''),
        member_active = u.active FROM users u WHERE s.id = NEW.id AND u.id = NEW.user_id;""",
    )
    + _trigger(
        "subscription_removed",
        "DELETE ON subscriptions FOR EACH ROW",
        f"""UPDATE rooms SET members = members - 1 WHERE id = OLD.rid;
    DELETE FROM room_roles WHERE rid = OLD.rid AND user_id = OLD.user_id;
    INSERT INTO departures SELECT OLD.id, OLD.user_id, OLD.rid, {NOW} FROM users WHERE id = OLD.user_id
        ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, rid = excluded.rid, at = excluded.at;""",
    )
    + _trigger(
        "member_changed",
        "UPDATE OF username, status_connection, active ON users FOR EACH ROW WHEN (NEW.username <> OLD.username"
        " OR NEW.status_connection IS DISTINCT FROM OLD.status_connection OR NEW.active <> OLD.active)",
        _MEMBER,
    )
    + _trigger("member_made", "INSERT ON users FOR EACH ROW", _MEMBER)
    + _trigger(
        "user_removed",
        "DELETE ON users FOR EACH ROW",
        """UPDATE links SET target = NULL WHERE kind = 'user' AND target = OLD.id;
    DELETE FROM user_roles WHERE user_id = OLD.id;
    DELETE FROM emails WHERE user_id = OLD.id;
    DELETE FROM tokens WHERE user_id = OLD.id;
    DELETE FROM departures WHERE user_id = OLD.id;""",
    )
    + _trigger(
        "room_removed",
        "DELETE ON rooms FOR EACH ROW",
        """UPDATE links SET target = NULL WHERE kind = 'room' AND target = OLD.id;
    DELETE FROM trash WHERE rid = OLD.id;""",
    )
    + _trigger(
        "message_added",
        "INSERT ON messages FOR EACH ROW WHEN (NEW.shown)",
        "UPDATE rooms SET messages = messages + 1 WHERE id = NEW.rid;",
    )
    + _trigger(
        "message_changed",
        "UPDATE OF shown ON messages FOR EACH ROW WHEN (NEW.shown <> OLD.shown)",
        "UPDATE rooms SET messages = messages + CASE WHEN NEW.shown THEN 1 ELSE -1 END WHERE id = NEW.rid;",
    )
    + _trigger(
        "message_removed",
        "DELETE ON messages FOR EACH ROW",
        f"""IF OLD.shown THEN
        UPDATE rooms SET messages = messages - 1 WHERE id = OLD.rid;
    END IF;
    DELETE FROM mentions WHERE message = OLD.id;
    DELETE FROM stars WHERE message = OLD.id;
    INSERT INTO trash SELECT OLD.id, OLD.rid, {NOW} FROM rooms WHERE id = OLD.rid
        ON CONFLICT (id) DO UPDATE SET rid = excluded.rid, deleted = excluded.deleted;""",
    )
    + _trigger(
        "copy_added",
        "INSERT ON copies FOR EACH ROW",
        "INSERT INTO queues (integration, open) VALUES (NEW.integration, 0) ON CONFLICT DO NOTHING;",
    )
    + _trigger(
        "delivery_ended",
        f"UPDATE OF state ON outbox FOR EACH ROW WHEN (OLD.state IN {OPEN} AND NEW.state NOT IN {OPEN})",
        "UPDATE queues SET open = open - 1 FROM targets t WHERE t.id = NEW.target AND queues.integration = t.integration;",
    )
    + _trigger(
        "integration_removed",
        "DELETE ON integrations FOR EACH ROW",
        f"""DELETE FROM links WHERE integration = OLD.id;
    DELETE FROM urls WHERE integration = OLD.id;
    INSERT INTO integrations_gone VALUES (OLD.id, currval('revisions'))
        ON CONFLICT (id) DO UPDATE SET revision = excluded.revision;
    UPDATE outbox d SET state = 'cancelled', reason = 'the integration was removed', worker = NULL, lease = NULL
        FROM targets t WHERE t.integration = OLD.id AND d.target = t.id AND d.state IN {OPEN};
    DELETE FROM secrets WHERE integration = OLD.id;
    DELETE FROM queues WHERE integration = OLD.id;
    DELETE FROM keys WHERE integration = OLD.id;""",
    )
)

VERSION_1 = _STATE + _USERS + _ROOMS + _MESSAGES + _INTEGRATIONS + _OUTBOX + _TRIGGERS
