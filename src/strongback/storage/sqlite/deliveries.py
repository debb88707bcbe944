"""Events and deliveries as SQL: the steps that write them, the claims that hand them out, retention."""

import sqlite3
from typing import Any

import msgspec

from strongback.storage.changes import (
    CountOutcome,
    PutDeliveries,
    PutEvent,
    PutKey,
    PutReplay,
    SettleDelivery,
)
from strongback.storage.deliveries import Claims, Delivery, StoredEvent, Wanted
from strongback.storage.sqlite.version_2 import OPEN

DELIVERY = (
    "d.id, d.event, d.integration, d.url, d.origin, d.trigger_word, d.state, d.reason, d.attempts, d.next_at,"
    " d.worker, d.request, d.request_revision, d.replay, d.created, d.updated"
)
EVENT = "e.id, e.kind, e.rid, e.message, e.user_id, e.hops, e.body, e.created"
DELIVERY_COLUMNS = 16

ORIGINS_A_CLAIM = 1_000
"""So many origins are looked at before a claim goes on where it was; more wait for the next claim."""

PUT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
# One statement for all rows of an event: a thread that goes from statement to statement waits for its turn each time.
PUT_DELIVERIES = (
    "INSERT INTO deliveries (id, event, integration, url, origin, trigger_word, state, reason, attempts, next_at,"
    " replay, created, updated) SELECT ?1 || '.' || j.key, ?1, j.value ->> 0, j.value ->> 1, j.value ->> 2,"
    " j.value ->> 3, iif(q.open >= ?4, 'failed', 'pending'), iif(q.open >= ?4, ?5, NULL), 0, ?3, 0, ?3, ?3"
    " FROM json_each(?2) j LEFT JOIN queues q ON q.integration = j.value ->> 0"
)
COUNT_OPEN = (
    "INSERT INTO queues (integration, open) SELECT integration, count(*) FROM deliveries"
    " WHERE id >= ?1 || '.' AND id < ?1 || '/' AND state = 'pending' GROUP BY integration"
    " ON CONFLICT (integration) DO UPDATE SET open = open + excluded.open"
)
COUNT_ONE = "INSERT INTO queues (integration, open) VALUES (?, 1) ON CONFLICT (integration) DO UPDATE SET open = open + 1"
PUT_REPLAY = (
    "INSERT INTO deliveries (id, event, integration, url, origin, trigger_word, state, attempts, next_at, request,"
    " request_revision, replay, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', 0, ?7, ?8, ?9, ?10, ?7, ?7)"
)
SETTLE_DELIVERY = (
    "UPDATE deliveries SET state = ?, reason = ?, next_at = ?, updated = ?, request = coalesce(?, request),"
    " request_revision = coalesce(?, request_revision), attempts = attempts - ?, worker = NULL, lease = NULL"
    f" WHERE id = ? AND state IN {OPEN}"
)
PUT_REQUEST = "UPDATE deliveries SET request = ?, request_revision = ? WHERE id = ?"
COUNT_SUCCESS = (
    "UPDATE queues SET failures = 0, failing_since = NULL WHERE integration = ? AND failing_since IS NOT NULL"
)
COUNT_FAILURE = "UPDATE queues SET failures = failures + 1, failing_since = coalesce(failing_since, ?) WHERE integration = ?"
PUT_KEY = "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?)"

NEXT_ORIGIN = (
    "SELECT origin, next_at FROM deliveries WHERE state = 'pending' AND origin > ?"
    " ORDER BY origin, next_at, sequence LIMIT 1"
)
DUE = (
    f"SELECT d.sequence, {DELIVERY}, {EVENT} FROM deliveries d JOIN events e ON e.id = d.event"
    " WHERE d.state = 'pending' AND d.origin = ? AND d.next_at <= ? ORDER BY d.next_at, d.sequence LIMIT ?"
)
WAITING = (
    "SELECT next_at FROM deliveries WHERE state = 'pending' AND origin = ? ORDER BY next_at, sequence LIMIT 1"
)
TAKE = "UPDATE deliveries SET state = 'sending', worker = ?, lease = ?, attempts = attempts + 1 WHERE sequence = ?"
RENEW = "UPDATE deliveries SET lease = ? WHERE state = 'sending' AND lease IS NOT NULL AND worker = ?"
RECLAIM_ENDED = "UPDATE deliveries SET state = 'pending', worker = NULL, lease = NULL WHERE state = 'sending' AND lease < ?"
RECLAIM_OWN = (
    "UPDATE deliveries SET state = 'pending', attempts = attempts - 1, worker = NULL, lease = NULL"
    " WHERE state = 'sending' AND lease IS NOT NULL AND worker = ?"
)
RECLAIM_ALL = (
    "UPDATE deliveries SET state = 'pending', worker = NULL, lease = NULL"
    " WHERE state = 'sending' AND lease IS NOT NULL"
)
REBASE = (
    "UPDATE deliveries SET next_at = ?1 + max(next_at - updated, 0), updated = ?1"
    " WHERE state = 'pending' AND origin >= '' AND updated > ?1"
)


def put_event(connection: sqlite3.Connection, step: PutEvent) -> None:
    """Write what happened, unless it is there."""
    connection.execute(
        PUT_EVENT,
        (
            step.id,
            step.kind,
            step.rid,
            step.message_id,
            step.user_id,
            step.hops,
            step.body,
            step.created,
        ),
    )


def put_deliveries(connection: sqlite3.Connection, step: PutDeliveries) -> None:
    """Owe deliveries, or record at once that an integration's queue is full."""
    targets = msgspec.json.encode(step.targets).decode()
    too_many = f"the integration already has {step.limit} deliveries open"
    connection.execute(PUT_DELIVERIES, (step.event_id, targets, step.created, step.limit, too_many))
    connection.execute(COUNT_OPEN, (step.event_id,))


def put_replay(connection: sqlite3.Connection, step: PutReplay) -> None:
    """Owe a delivery again."""
    more = (step.created, step.request, step.request_revision, step.replay)
    connection.execute(PUT_REPLAY, (step.id, step.event_id, *step.target, *more))
    connection.execute(COUNT_ONE, (step.target.integration_id,))


def settle_delivery(connection: sqlite3.Connection, step: SettleDelivery) -> None:
    """Let go of a delivery that is open."""
    connection.execute(
        SETTLE_DELIVERY,
        (
            step.state,
            step.reason,
            step.next_at,
            step.updated,
            step.request,
            step.request_revision,
            0 if step.attempted else 1,
            step.id,
        ),
    )


def count_outcome(connection: sqlite3.Connection, step: CountOutcome) -> None:
    """Count how an attempt ended."""
    if step.delivered:
        connection.execute(COUNT_SUCCESS, (step.integration_id,))
    else:
        connection.execute(COUNT_FAILURE, (step.at, step.integration_id))


def put_key(connection: sqlite3.Connection, step: PutKey) -> None:
    """Remember an answer."""
    connection.execute(
        PUT_KEY,
        (step.integration_id, step.key, step.digest, step.status, step.body, step.created),
    )


def claim(
    connection: sqlite3.Connection, worker: str, now: int, lease: int, wanted: Wanted, after: str
) -> tuple[Claims, str]:
    """Take what is due, origin by origin, beginning after `after`; answers where the next claim should begin.

    An origin costs two index lookups whatever waits behind it, so a stuck one does not slow the others down.
    """
    taken: list[tuple[Delivery, StoredEvent]] = []
    earliest: int | None = None
    origin, wrapped = after, False
    for _ in range(ORIGINS_A_CLAIM):
        found = connection.execute(NEXT_ORIGIN, (origin,)).fetchone()
        if found is None or (wrapped and found[0] > after):
            if wrapped or not after:
                break
            origin, wrapped = "", True
            continue
        origin, first = found
        free = min(wanted.each - wanted.busy.get(origin, 0), wanted.total - len(taken))
        if free <= 0:
            if len(taken) >= wanted.total:
                return Claims(taken, earliest), origin
            continue
        if first <= now:
            taken += _take(connection, worker, now, lease, origin, free)
            left = connection.execute(WAITING, (origin,)).fetchone()
            if left is None or left[0] <= now:
                continue  # what is due waits for a free place, not for the time
            first = left[0]
        earliest = first if earliest is None else min(earliest, first)
    return Claims(taken, earliest), origin if len(taken) >= wanted.total else ""


def _take(
    connection: sqlite3.Connection, worker: str, now: int, lease: int, origin: str, free: int
) -> list[tuple[Delivery, StoredEvent]]:
    rows: list[tuple[Any, ...]] = connection.execute(DUE, (origin, now, free)).fetchall()
    connection.executemany(TAKE, [(worker, lease, row[0]) for row in rows])
    taken = []
    for row in rows:
        delivery = list(row[1 : DELIVERY_COLUMNS + 1])
        delivery[6], delivery[8], delivery[10] = "sending", delivery[8] + 1, worker
        taken.append((Delivery(*delivery), StoredEvent(*row[DELIVERY_COLUMNS + 1 :])))
    return taken
