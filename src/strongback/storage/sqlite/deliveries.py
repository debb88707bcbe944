"""Events and deliveries as SQL: the steps that write them, the claims that hand them out, retention."""

import sqlite3
from collections.abc import Collection

import msgspec

from strongback.errors import Conflict
from strongback.storage.deliveries import Claims, Delivery, StoredEvent, Wanted
from strongback.storage.sqlite.version_2 import OPEN
from strongback.storage.steps import (
    CountOutcome,
    PutDeliveries,
    PutEvent,
    PutKey,
    PutReplay,
    PutRequest,
    SettleDelivery,
)

DELIVERY = (
    "d.id, d.event, d.integration, d.url, d.origin, d.trigger_word, d.state, d.reason, d.attempts, d.next_at,"
    " d.worker, d.request, d.request_revision, d.replay, d.created, d.updated"
)
EVENT = "e.id, e.kind, e.rid, e.message, e.user_id, e.hops, e.body, e.created"
DELIVERY_COLUMNS = 16

ORIGINS_A_CLAIM = 1_000
"""So many origins are looked at before a claim goes on where it was; more wait for the next claim."""

PUT_EVENT = (
    "INSERT INTO events (id, kind, rid, message, user_id, hops, body, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO NOTHING"
)

# One statement for all rows of an event: a thread that goes from statement to statement waits for its turn each time.
# The rows of an event follow each other from `first` on, so that a delivery is found by its id without an index.
FIRST = (
    "UPDATE events SET first = (SELECT coalesce(max(sequence), 0) + 1 FROM outbox), many = ? WHERE id = ?"
    " RETURNING first"
)
PUT_DELIVERIES = (
    "INSERT INTO outbox (sequence, event, number, replay, target, origin, trigger_word, state, reason, attempts,"
    " next_at, created, updated) SELECT e.first + j.key, e.sequence, j.key, 0, t.id, t.origin, j.value ->> 3,"
    " iif(q.open >= ?4, 'failed', 'pending'), iif(q.open >= ?4, ?5, NULL), 0, ?3, ?3, ?3"
    " FROM json_each(?2) j CROSS JOIN events e ON e.id = ?1"
    " CROSS JOIN targets t ON t.integration = j.value ->> 0 AND t.url = j.value ->> 1"
    " LEFT JOIN queues q ON q.integration = t.integration"
)
COUNT_OPEN = (
    "INSERT INTO queues (integration, open) SELECT t.integration, count(*) FROM outbox d CROSS JOIN targets t"
    " ON t.id = d.target WHERE d.sequence >= ? AND d.state = 'pending' GROUP BY t.integration"
    " ON CONFLICT (integration) DO UPDATE SET open = open + excluded.open"
)
TAKE_BACK = "DELETE FROM outbox WHERE sequence >= ?"
PUT_ORIGINS = (
    "INSERT INTO origins (origin) SELECT DISTINCT j.value ->> 2 FROM json_each(?) j WHERE true"
    " ON CONFLICT DO NOTHING"
)
PUT_TARGETS = (
    "INSERT INTO targets (integration, url, origin) SELECT j.value ->> 0, j.value ->> 1, o.id FROM json_each(?) j"
    " CROSS JOIN origins o ON o.origin = j.value ->> 2 WHERE true ON CONFLICT DO NOTHING"
)
COUNT_ONE = "INSERT INTO queues (integration, open) VALUES (?, 1) ON CONFLICT (integration) DO UPDATE SET open = open + 1"
PUT_REPLAY = (
    "INSERT INTO outbox (event, number, replay, target, origin, trigger_word, state, attempts, next_at, request,"
    " request_revision, created, updated) SELECT e.sequence, ?2, ?3, t.id, t.origin, ?6, 'pending', 0, ?7, ?8, ?9, ?7, ?7"
    " FROM events e CROSS JOIN targets t ON t.integration = ?4 AND t.url = ?5 WHERE e.id = ?1 AND NOT EXISTS"
    " (SELECT 1 FROM outbox d WHERE d.event = e.sequence AND d.number = ?2 AND d.replay = ?3 AND d.replay > 0)"
)
SEQUENCE = (
    "SELECT d.sequence FROM events e CROSS JOIN outbox d ON d.sequence = e.first + ?2 AND d.event = e.sequence"
    " WHERE e.id = ?1 AND ?2 < e.many AND d.replay = 0"
)
SEQUENCE_OF_REPLAY = (
    "SELECT d.sequence FROM events e CROSS JOIN outbox d ON d.event = e.sequence AND d.number = ?2 AND d.replay = ?3"
    " WHERE e.id = ?1 AND d.replay > 0"
)
HELD = "SELECT 1 FROM outbox WHERE sequence = ? AND worker = ? AND state = 'sending'"
SETTLE_DELIVERY = (
    "UPDATE outbox SET state = ?, reason = ?, next_at = ?, updated = ?, request = coalesce(?, request),"
    " request_revision = coalesce(?, request_revision), attempts = attempts - ?, worker = NULL, lease = NULL"
    f" WHERE sequence = ? AND state IN {OPEN}"
)
PUT_REQUEST = "UPDATE outbox SET request = ?, request_revision = ? WHERE sequence = ?"
COUNT_SUCCESS = (
    "UPDATE queues SET failures = 0, failing_since = NULL WHERE integration = ? AND failing_since IS NOT NULL"
)
COUNT_FAILURE = "UPDATE queues SET failures = failures + 1, failing_since = coalesce(failing_since, ?) WHERE integration = ?"
PUT_KEY = "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?)"

NEXT_ORIGIN = (
    "SELECT d.origin, d.next_at, o.origin FROM outbox d CROSS JOIN origins o ON o.id = d.origin"
    " WHERE d.state = 'pending' AND d.origin > ? ORDER BY d.origin, d.next_at, d.sequence LIMIT 1"
)
DUE = (
    "SELECT sequence FROM outbox WHERE state = 'pending' AND origin = ? AND next_at <= ?"
    " ORDER BY next_at, sequence LIMIT ?"
)
AFTER = (
    "SELECT d.next_at FROM outbox t CROSS JOIN outbox d ON d.state = 'pending' AND d.origin = ?"
    " AND (d.next_at, d.sequence) > (t.next_at, t.sequence) WHERE t.sequence = ?"
    " ORDER BY d.next_at, d.sequence LIMIT 1"
)
TAKE = (
    "UPDATE outbox SET state = 'sending', worker = ?, lease = ?, attempts = attempts + 1"
    " WHERE sequence IN (SELECT value FROM json_each(?) j)"
)
TAKEN = (
    f"SELECT {DELIVERY}, {EVENT} FROM json_each(?) j CROSS JOIN deliveries d ON d.sequence = j.value"
    " CROSS JOIN events e ON e.id = d.event ORDER BY j.key"
)
RENEW = "UPDATE outbox SET lease = ? WHERE sequence = ? AND state = 'sending' AND worker = ?"
RECLAIM_ENDED = (
    "UPDATE outbox SET state = 'pending', worker = NULL, lease = NULL WHERE state = 'sending' AND lease < ?"
)
RECLAIM_OWN = (
    "UPDATE outbox SET state = 'pending', attempts = attempts - 1, worker = NULL, lease = NULL"
    " WHERE state = 'sending' AND lease IS NOT NULL AND worker = ?"
)
RECLAIM_ALL = (
    "UPDATE outbox SET state = 'pending', worker = NULL, lease = NULL"
    " WHERE state = 'sending' AND lease IS NOT NULL"
)
REBASE = (
    "UPDATE outbox SET next_at = ?1 + max(next_at - updated, 0), updated = ?1"
    " WHERE state = 'pending' AND origin > 0 AND updated > ?1"
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
    if not step.targets:
        return
    targets = msgspec.json.encode(step.targets).decode()
    (first,) = connection.execute(FIRST, (len(step.targets), step.event_id)).fetchone()
    too_many = f"the integration already has {step.limit} deliveries open"
    parameters = (step.event_id, targets, step.created, step.limit, too_many)
    if connection.execute(PUT_DELIVERIES, parameters).rowcount < len(
        step.targets
    ):  # some are called for the first time
        connection.execute(TAKE_BACK, (first,))
        put_targets(connection, targets)
        connection.execute(PUT_DELIVERIES, parameters)
    connection.execute(COUNT_OPEN, (first,))


def put_targets(connection: sqlite3.Connection, targets: str) -> None:
    """Know these URLs of integrations from now on; a JSON list of `Target`."""
    connection.execute(PUT_ORIGINS, (targets,))
    connection.execute(PUT_TARGETS, (targets,))


def put_replay(connection: sqlite3.Connection, step: PutReplay) -> None:
    """Owe a delivery again; Conflict where there is a replay with this number already."""
    put_targets(connection, msgspec.json.encode([step.target]).decode())
    integration, url, _, word = step.target
    number = int(step.id.split(".")[1])
    more = (word, step.created, step.request, step.request_revision)
    owed = (step.event_id, number, step.replay, integration, url, *more)
    if connection.execute(PUT_REPLAY, owed).rowcount == 0:
        raise Conflict(f"there is a replay {step.id} already")
    connection.execute(COUNT_ONE, (integration,))


def find(connection: sqlite3.Connection, id: str) -> int | None:
    """The sequence of the delivery with this id: the event's, its number and perhaps that of a replay."""
    event, *numbers = id.split(".")
    if not 1 <= len(numbers) <= 2 or not all(
        one.isascii() and one.isdigit() and len(one) < 10 for one in numbers
    ):
        return None
    sql = SEQUENCE if len(numbers) == 1 else SEQUENCE_OF_REPLAY
    found = connection.execute(sql, (event, *map(int, numbers))).fetchone()
    return None if found is None else found[0]


def held(connection: sqlite3.Connection, id: str, worker: str) -> bool:
    """Whether a delivery is being sent by this worker."""
    return connection.execute(HELD, (find(connection, id), worker)).fetchone() is not None


def put_request(connection: sqlite3.Connection, step: PutRequest) -> None:
    """Keep what an attempt prepared."""
    connection.execute(PUT_REQUEST, (step.request, step.revision, find(connection, step.delivery_id)))


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
            find(connection, step.id),
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
    connection: sqlite3.Connection, worker: str, now: int, lease: int, wanted: Wanted, after: int
) -> tuple[Claims, int]:
    """Take what is due, origin by origin, beginning after `after`; answers where the next claim should begin.

    An origin costs two index lookups whatever waits behind it, so a stuck one does not slow the others down.
    """
    taken: list[int] = []
    earliest: int | None = None
    number, wrapped = after, False
    for _ in range(ORIGINS_A_CLAIM):
        if len(taken) >= wanted.total:
            break
        found = connection.execute(NEXT_ORIGIN, (number,)).fetchone()
        if found is None or (wrapped and found[0] > after):
            if wrapped or not after:
                number = 0
                break
            number, wrapped = 0, True
            continue
        number, first, origin = found
        free = min(wanted.each - wanted.busy.get(origin, 0), wanted.total - len(taken))
        if free <= 0:
            continue
        if first <= now:
            taken += [row for (row,) in connection.execute(DUE, (number, now, free))]
            left = connection.execute(AFTER, (number, taken[-1])).fetchone()
            if left is None or left[0] <= now:
                continue  # what is due waits for a free place, not for the time
            first = left[0]
        earliest = first if earliest is None else min(earliest, first)
    return Claims(_take(connection, worker, lease, taken), earliest), number


def _take(
    connection: sqlite3.Connection, worker: str, lease: int, taken: list[int]
) -> list[tuple[Delivery, StoredEvent]]:
    if not taken:
        return []
    rows = msgspec.json.encode(taken).decode()
    connection.execute(TAKE, (worker, lease, rows))
    return [
        (Delivery(*row[:DELIVERY_COLUMNS]), StoredEvent(*row[DELIVERY_COLUMNS:]))
        for row in connection.execute(TAKEN, (rows,))
    ]


def renew(connection: sqlite3.Connection, worker: str, lease: int, ids: Collection[str]) -> set[str]:
    """Hold deliveries, as far as the worker still has them; answers which."""
    return {id for id in ids if connection.execute(RENEW, (lease, find(connection, id), worker)).rowcount}
