"""The fixed statements of the store."""

from functools import lru_cache

from strongback.storage.logins import statement
from strongback.storage.sqlite.deliveries import DELIVERY as DELIVERY_MEMBERS
from strongback.storage.sqlite.deliveries import EVENT
from strongback.storage.sqlite.selections import COLUMNS, stored_columns
from strongback.storage.sqlite.version_2 import OPEN
from strongback.storage.views import ROOM_VIEW

_REVISION = "SELECT access FROM sequence"
AUTHENTICATE = statement("?", _REVISION)
AUTHENTICATE_AND_ROOM = {by: statement("?", _REVISION, by) for by in ("id", "name")}
ACCESS = (
    "SELECT 'revision', '', access FROM sequence"
    " UNION ALL SELECT 'permissions', id, text -> '$.roles' FROM permissions"
    " UNION ALL SELECT 'roles', id, text -> '$.scope' FROM roles"
    " UNION ALL SELECT 'settings', id, text -> '$.value' FROM settings"
)

_ROOM = f"SELECT {ROOM_VIEW} FROM rooms r LEFT JOIN subscriptions s ON s.rid = r.id AND s.user_id = ? WHERE"
ROOM_BY_ID = f"{_ROOM} r.id = ?"
ROOM_BY_NAME = f"{_ROOM} r.name = ?"

USERS_BY_NAME = (
    f"SELECT t.username, {COLUMNS} FROM users t WHERE t.username = ? OR t.username_fold = ? LIMIT 3"
)
USER_BY_EMAIL = f"SELECT {COLUMNS} FROM emails e JOIN users t ON t.id = e.user_id WHERE e.address = ? ORDER BY t.id LIMIT 1"
TOKENS = "SELECT hash, body, dates FROM tokens WHERE user_id = ? ORDER BY created, hash"
TOKEN_OWNER = (
    "SELECT t.user_id FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = ? AND u.active"
    " ORDER BY t.user_id LIMIT 1"
)
INTEGRATION_BY_URL = (
    f"SELECT {COLUMNS} FROM urls l JOIN integrations t ON t.id = l.integration WHERE l.url = ?"
    " ORDER BY t.created, t.id LIMIT 1"
)
LINKS = "SELECT text, kind, target FROM links WHERE integration = ? ORDER BY position"
OWNERS = "SELECT user_id FROM room_roles WHERE rid = ? AND role = 'owner' ORDER BY user_id"
SUBSCRIPTION = (
    f"SELECT {stored_columns('subscriptions')} FROM subscriptions t WHERE t.rid = ? AND t.user_id = ?"
)

TRIGGER_REVISION = "SELECT triggers FROM sequence"
CHANGED_TRIGGERS = (
    f"SELECT {COLUMNS} FROM integrations t WHERE t.revision > ? AND t.type = 'webhook-outgoing'"
    " ORDER BY t.revision"
)
REMOVED_TRIGGERS = "SELECT id FROM integrations_gone WHERE revision > ?"

EVENT_BY_ID = f"SELECT {EVENT} FROM events e WHERE e.id = ?"
DELIVERY = f"SELECT {DELIVERY_MEMBERS} FROM deliveries d WHERE d.sequence = ?"
DELIVERIES_ENDED = (
    "SELECT d.sequence FROM targets t CROSS JOIN outbox d ON d.target = t.id"
    f" WHERE t.integration = ?1 AND d.state NOT IN {OPEN} AND (?2 IS NULL OR d.state = ?2)"
)
DELIVERIES_OPEN = (
    "SELECT d.sequence FROM outbox d"
    " WHERE d.sequence IN (SELECT sequence FROM open_deliveries WHERE integration = ?1) AND (?2 IS NULL OR d.state = ?2)"
)
DELIVERIES = (
    f"SELECT {DELIVERY_MEMBERS} FROM ({DELIVERIES_ENDED} UNION ALL {DELIVERIES_OPEN} ORDER BY 1 DESC LIMIT ?3 OFFSET ?4) p"
    " CROSS JOIN deliveries d ON d.sequence = p.sequence ORDER BY d.sequence DESC"
)
COUNT_DELIVERIES = (
    f"SELECT (SELECT count(*) FROM ({DELIVERIES_ENDED})) + (SELECT count(*) FROM ({DELIVERIES_OPEN}))"
)
LAST_REPLAY = (
    "SELECT coalesce(max(d.replay), 0) FROM events e CROSS JOIN outbox d ON d.event = e.sequence AND d.replay > 0"
    " WHERE e.id = ? AND d.number = ?"
)
QUEUE = "SELECT open, failures, failing_since FROM queues WHERE integration = ?"
ALL_QUEUES = "SELECT coalesce(sum(open), 0) FROM queues"
ANSWERED = "SELECT digest, status, body FROM keys WHERE integration = ? AND key = ? AND created >= ?"
SECRET = "SELECT sealed FROM secrets WHERE integration = ?"


@lru_cache
def revisions(tables: tuple[str, ...]) -> str:
    """The revisions of permissions and of a row of each table, also where there is no such row."""
    rows = "".join(f", (SELECT revision FROM {table} WHERE id = ?)" for table in tables)
    return f"SELECT access{rows} FROM sequence"


DELETED = "SELECT id, deleted FROM trash WHERE rid = ? AND deleted > ? ORDER BY deleted, id"
DEPARTURES = "SELECT id, rid, at FROM departures WHERE user_id = ? AND at > ? ORDER BY at, id"
