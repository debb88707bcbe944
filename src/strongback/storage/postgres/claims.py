"""Deliveries handed out to workers, held by leases, and taken back.

Workers of all nodes claim at once and never wait for each other: what one has locked, the others pass over. The rows
of an origin are claimed in the order in which they became due, each by one worker. A worker starts what it claimed in
that order; what two workers claimed of one origin goes out side by side.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from strongback.storage.deliveries import Claims, Delivery, StoredEvent, Wanted
from strongback.storage.postgres.deliveries import name

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

DELIVERY = (
    "e.id || '.' || d.number || CASE WHEN d.replay > 0 THEN '.' || d.replay ELSE '' END, e.id, t.integration, t.url,"
    " o.origin, d.trigger_word, d.state, d.reason, d.attempts, d.next_at, d.worker, d.request, d.request_revision,"
    " d.replay, d.created, d.updated"
)
EVENT = "e.id, e.kind, e.rid, e.message, e.user_id, e.hops, e.body, e.created"
# OFFSET keeps the planner from reading all events where it takes them to be few.
JOINED = (
    "CROSS JOIN LATERAL (SELECT * FROM events WHERE sequence = d.event OFFSET 0) e"
    " JOIN targets t ON t.id = d.target JOIN origins o ON o.id = d.origin"
)
DELIVERY_COLUMNS = 16

ORIGINS_A_CLAIM = 1_000
"""So many origins are looked at before a claim goes on where it was; more wait for the next claim."""

_NEXT = "FROM outbox d WHERE d.state = 'pending' AND d.origin"
_FIRST = "ORDER BY d.origin, d.next_at, d.sequence LIMIT 1"
# Origin by origin from $1 on, once around: an index lookup for each, and one for what is due there later, whatever
# waits behind it. It ends where those with something due and a free place are as many as the places there are in all.
ORIGINS = f"""
WITH RECURSIVE busy AS MATERIALIZED (
    SELECT (SELECT o.id FROM origins o WHERE o.origin = b.origin) AS id, b.many
    FROM unnest($5::text[], $6::integer[]) b(origin, many)
), seen AS (
    SELECT 0 AS turn, $1::bigint AS origin, 0::bigint AS first, false AS around, 0 AS free, 0 AS due
    UNION ALL
    SELECT s.turn + 1, f.origin, f.next_at, f.around, p.free,
        s.due + CASE WHEN p.free > 0 AND f.next_at <= $2 THEN 1 ELSE 0 END
    FROM seen s
    CROSS JOIN LATERAL (
        (SELECT d.origin, d.next_at, s.around {_NEXT} > s.origin {_FIRST})
        UNION ALL
        (SELECT d.origin, d.next_at, true {_NEXT} > 0 AND NOT s.around AND $1 > 0 {_FIRST})
        LIMIT 1
    ) f
    CROSS JOIN LATERAL (SELECT $4 - coalesce((SELECT b.many FROM busy b WHERE b.id = f.origin), 0) AS free) p
    WHERE s.turn < {ORIGINS_A_CLAIM} AND s.due < $3 AND NOT (f.around AND f.origin > $1)
)
SELECT s.origin, s.first, s.free, CASE WHEN s.free > 0 THEN
    (SELECT d.next_at {_NEXT} = s.origin AND d.next_at > $2 ORDER BY d.next_at, d.sequence LIMIT 1) END AS later
FROM seen s WHERE s.turn > 0 ORDER BY s.turn
"""
# By way of an array, for the planner takes that to be short, whatever it knows of the tables.
TAKE = f"""
WITH taken AS MATERIALIZED (
    SELECT d.sequence FROM unnest($1::bigint[], $2::integer[]) u(origin, free)
    CROSS JOIN LATERAL (
        SELECT d.sequence {_NEXT} = u.origin AND d.next_at <= $3
        ORDER BY d.next_at, d.sequence LIMIT u.free FOR UPDATE SKIP LOCKED
    ) d LIMIT $4
), d AS (
    UPDATE outbox d SET state = 'sending', worker = $5, lease = $6, attempts = attempts + 1
    WHERE d.sequence = ANY(ARRAY(SELECT sequence FROM taken)) RETURNING d.*
)
SELECT {DELIVERY}, {EVENT}, d.origin FROM d {JOINED} ORDER BY array_position($1, d.origin), d.next_at, d.sequence
"""
RENEW = (
    "UPDATE outbox d SET lease = $2"
    " FROM unnest($3::text[], $4::text[], $5::integer[], $6::integer[]) g(id, event, number, replay)"
    " JOIN events e ON e.id = g.event"
    " WHERE d.event = e.sequence AND d.number = g.number AND d.replay = g.replay"
    " AND d.worker = $1 AND d.state = 'sending' RETURNING g.id"
)
_PENDING = "UPDATE outbox SET state = 'pending', worker = NULL, lease = NULL"
RECLAIM_ENDED = (
    f"{_PENDING} WHERE sequence = ANY(ARRAY("
    "SELECT sequence FROM outbox WHERE state = 'sending' AND lease < $1 FOR UPDATE SKIP LOCKED))"
)
RECLAIM_OWN = f"{_PENDING}, attempts = attempts - 1 WHERE state = 'sending' AND worker = $1"
REBASE = (
    "UPDATE outbox SET next_at = $1 + greatest(next_at - updated, 0), updated = $1 WHERE sequence = ANY(ARRAY("
    "SELECT sequence FROM outbox WHERE state = 'pending' AND updated > $1 FOR UPDATE SKIP LOCKED))"
)


async def claim(
    connection: "Connection", worker: str, now: int, lease: int, wanted: Wanted, after: int
) -> tuple[Claims, int]:
    """Take what is due, origin by origin, beginning after `after`; answers where the next claim should begin."""
    busy = list(wanted.busy), list(wanted.busy.values())
    seen = await connection.fetch(ORIGINS, after, now, wanted.total, wanted.each, *busy)
    if not seen:
        return Claims([], None), 0
    free = {origin: places for origin, first, places, _ in seen if places > 0 and first <= now}
    places = list(free), list(free.values())
    rows = await connection.fetch(TAKE, *places, now, wanted.total, worker, lease) if free else []
    for row in rows:
        free[row[-1]] -= 1
    # Where no place is left, what is due waits for one, not for the time.
    later = [at for origin, _, places, at in seen if at is not None and places > 0 and free.get(origin) != 0]
    taken = [
        (Delivery(*row[:DELIVERY_COLUMNS]), StoredEvent(*row[DELIVERY_COLUMNS : len(row) - 1]))
        for row in rows
    ]
    begin = rows[-1][-1] if rows and len(rows) == wanted.total else seen[-1]["origin"]
    return Claims(taken, min(later, default=None)), begin


async def renew(connection: "Connection", worker: str, lease: int, ids: Collection[str]) -> set[str]:
    """Hold these deliveries, as far as the worker still has them; answers which."""
    named = [(id, *found) for id in ids if (found := name(id)) is not None]
    lists = [list(column) for column in zip(*named, strict=True)] or [[], [], [], []]
    return {id for (id,) in await connection.fetch(RENEW, worker, lease, *lists)}


async def reclaim(connection: "Connection", now: int, worker: str | None) -> int:
    """Make pending what is being sent with an ended lease, or by a worker; answers how many."""
    sql, value = (RECLAIM_ENDED, now) if worker is None else (RECLAIM_OWN, worker)
    return changed(await connection.execute(sql, value))


async def rebase(connection: "Connection", now: int) -> int:
    """Let what was last changed in the future wait from now on; answers how many."""
    return changed(await connection.execute(REBASE, now))


def changed(status: str) -> int:
    """How many rows a statement changed, by what the server says of it."""
    return int(status.rpartition(" ")[2])
