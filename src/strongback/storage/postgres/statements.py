"""The fixed statements of the store."""

from functools import lru_cache

from strongback.storage.contract import AHEAD, SHORT
from strongback.storage.kinds import KINDS
from strongback.storage.logins import statement
from strongback.storage.postgres.shown import stored_columns
from strongback.storage.views import ROOM_VIEW

_LINKED = "SELECT l.integration FROM links l WHERE l.kind ="
_REACHING = (
    f"SELECT i.* FROM ({_LINKED} 'room' AND l.target = r.id UNION ALL {_LINKED} 'scope' AND l.target = $4"
    f" LIMIT {AHEAD + 1}) x LEFT JOIN integrations i ON i.id = x.integration"
)
"""Also a link of no integration is a row, as a copy that refused one leaves it: whether there are more is counted."""
_REVISION = "SELECT access FROM state"
AUTHENTICATE = statement("$", _REVISION)
AUTHENTICATE_AND_ROOM = {by: statement("$", _REVISION, by) for by in ("id", "name")}
LONG = ""
"""Stands for the text of an integration that is not short, which is not read."""
AUTHENTICATE_AND_REACHING = {
    by: statement(
        "$",
        _REVISION,
        by,
        more=f", CASE WHEN octet_length(i.text) > {SHORT} THEN '{LONG}' ELSE i.text END",
        join=f"LEFT JOIN LATERAL ({_REACHING}) i ON true",
    )
    + " ORDER BY i.created, i.id"
    for by in ("id", "name")
}
"""A fourth parameter: the scope."""

ACCESS = (
    "SELECT 'revision', '', access::text FROM state"
    " UNION ALL SELECT 'permissions', id, text FROM permissions"
    " UNION ALL SELECT 'roles', id, text FROM roles"
    " UNION ALL SELECT 'settings', id, text FROM settings"
)

_ROOM = f"SELECT {ROOM_VIEW} FROM rooms r LEFT JOIN subscriptions s ON s.rid = r.id AND s.user_id = $1 WHERE"
ROOM_BY_ID = f"{_ROOM} r.id = $2"
ROOM_BY_NAME = f"{_ROOM} r.name = $2"
SUBSCRIPTION = (
    f"SELECT {stored_columns('subscriptions')} FROM subscriptions t WHERE t.rid = $1 AND t.user_id = $2"
)
OWNERS = "SELECT user_id FROM room_roles WHERE rid = $1 AND role = 'owner' ORDER BY user_id"

USERS_BY_NAME = (
    f"SELECT t.username, {stored_columns('users')} FROM users t WHERE t.username = $1 OR t.username_fold = $2"
    " ORDER BY t.username = $1 DESC LIMIT 2"
)
USER_BY_EMAIL = (
    f"SELECT {stored_columns('users')} FROM emails e JOIN users t ON t.id = e.user_id WHERE e.address = $1"
    " ORDER BY t.id LIMIT 1"
)
TOKENS = "SELECT hash, body, dates FROM tokens WHERE user_id = $1 ORDER BY created, hash"
TOKEN_OWNER = (
    "SELECT t.user_id FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = $1 AND u.active"
    " ORDER BY t.user_id LIMIT 1"
)
# OFFSET 0 keeps the order apart, so that integrations are never walked in it to meet the URL.
INTEGRATION_BY_URL = (
    f"SELECT {stored_columns('integrations')} FROM (SELECT i.* FROM urls l JOIN integrations i ON i.id = l.integration"
    " WHERE l.url = $1 OFFSET 0) t ORDER BY t.created, t.id LIMIT 1"
)

DELETED = "SELECT id, deleted FROM trash WHERE rid = $1 AND deleted > $2 ORDER BY deleted, id"
DEPARTURES = "SELECT id, rid, at FROM departures WHERE user_id = $1 AND at > $2 ORDER BY at, id"
COUNTS = f"SELECT {', '.join(f'(SELECT count(*) FROM {kind})' for kind in KINDS)}"


@lru_cache
def revisions(tables: tuple[str, ...]) -> str:
    """The revisions of permissions and of a row of each table, also where there is no such row."""
    rows = "".join(
        f", (SELECT revision FROM {table} WHERE id = ${number})" for number, table in enumerate(tables, 1)
    )
    return f"SELECT access{rows} FROM state"
