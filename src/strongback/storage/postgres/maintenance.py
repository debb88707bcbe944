"""Check of a database, beside servers that run."""

from typing import TYPE_CHECKING

from strongback.documents.document import Stored
from strongback.storage.kinds import KINDS
from strongback.storage.postgres.selections import rows_sql, where
from strongback.storage.selections import Everything

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

AT_ONCE = 500
MOST_LINES = 1_000
PATIENCE_SECONDS = 3_600.0


async def check(connection: "Connection") -> list[str]:
    """Read every document at one state of the database; say what is damaged, dangling or orphaned."""
    problems: list[str] = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SET LOCAL statement_timeout = 0")
        for kind in KINDS:
            async for found in connection.cursor(
                rows_sql(where(Everything(kind)), "id"), None, prefetch=AT_ONCE, timeout=PATIENCE_SECONDS
            ):
                if len(problems) >= MOST_LINES:
                    return [*problems, "and more: the check stopped here"]
                problems += _problem(kind, Stored(*found))
        for sentence, sql in RELATIONS:
            rows = await connection.fetch(sql, timeout=PATIENCE_SECONDS)
            problems += [sentence.format(*found) for found in rows]
    return problems


def _problem(kind: str, stored: Stored) -> list[str]:
    """What is wrong with a document, if anything."""
    try:
        body = stored.decode().body
    except ValueError as error:
        return [f"{kind} {stored.id}: the document can not be read: {error}"]
    if body.get("_id") != stored.id:
        return [f"{kind} {stored.id}: the document says that its _id is {body.get('_id')!r}"]
    return []


_LINKED = "SELECT l.integration, l.text, l.target FROM links l LEFT JOIN rooms r ON r.id = l.target"
_COUNTED = "SELECT rid, count(*) AS many FROM subscriptions GROUP BY rid"

RELATIONS = (
    (
        "integration {0}: {1} names nothing that exists; update the integration to bind it",
        "SELECT integration, text FROM links WHERE target IS NULL ORDER BY integration, position",
    ),
    (
        "integration {0}: {1} is bound to room {2}, which does not exist",
        f"{_LINKED} WHERE l.kind = 'room' AND l.target IS NOT NULL AND r.id IS NULL",
    ),
    (
        "subscription {0}: its room {1} does not exist",
        "SELECT s.id, s.rid FROM subscriptions s LEFT JOIN rooms r ON r.id = s.rid WHERE r.id IS NULL",
    ),
    (
        "subscription {0}: its user {1} does not exist",
        "SELECT s.id, s.user_id FROM subscriptions s LEFT JOIN users u ON u.id = s.user_id WHERE u.id IS NULL",
    ),
    (
        "room {0}: it counts {1} members, but has {2} subscriptions",
        f"SELECT r.id, r.members, coalesce(c.many, 0) FROM rooms r LEFT JOIN ({_COUNTED}) c ON c.rid = r.id"
        " WHERE r.members <> coalesce(c.many, 0)",
    ),
)
