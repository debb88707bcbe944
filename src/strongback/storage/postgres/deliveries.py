"""Events and deliveries as SQL on one connection, inside a commit: the steps that write them, the guard of one."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from strongback.storage.postgres.version_1 import OPEN
from strongback.storage.steps import (
    CountOutcome,
    PutDeliveries,
    PutEvent,
    PutKey,
    PutReplay,
    PutRequest,
    SettleDelivery,
    Target,
)

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

Name = tuple[str, int, int]
"""What a delivery's id says: the event's id, the number among its deliveries, and that of the replay, 0 for none."""

# One that is there is locked all the same: retention must not remove it while a replay is owed because of it.
PUT_EVENT = (
    "INSERT INTO events (id, kind, rid, message, user_id, hops, body, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (id) DO UPDATE SET kind = events.kind"
)
# Nothing is written while fewer than $7 targets are known. Queues are counted in one order, in which commits meet; of a
# full one the row does not change, so that it is not among those that have `room`.
PUT_DELIVERIES = """
WITH known AS MATERIALIZED (
    SELECT e.sequence AS event, g.n - 1 AS number, t.id, t.integration, t.origin, g.word, g.n
    FROM events e
    CROSS JOIN unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY g(integration, url, word, n)
    JOIN targets t ON t.integration = g.integration AND md5(t.url) = md5(g.url) AND t.url = g.url
    WHERE e.id = $1
), owed AS MATERIALIZED (
    SELECT * FROM known WHERE (SELECT count(*) FROM known) >= $7
), room AS (
    INSERT INTO queues AS q (integration, open)
    SELECT integration, count(*) FROM owed GROUP BY integration ORDER BY integration
    ON CONFLICT (integration) DO UPDATE SET open = q.open + excluded.open WHERE q.open < $6
    RETURNING integration
)
INSERT INTO outbox (event, number, replay, target, origin, trigger_word, state, reason, attempts, next_at, created, updated)
SELECT d.event, d.number, 0, d.id, d.origin, d.word, CASE WHEN q.integration IS NULL THEN 'failed' ELSE 'pending' END,
    CASE WHEN q.integration IS NULL THEN $8::text END, 0, $5, $5, $5
FROM owed d LEFT JOIN room q ON q.integration = d.integration ORDER BY d.n
"""
PUT_ORIGINS = (
    "INSERT INTO origins (origin) SELECT DISTINCT origin FROM unnest($1::text[]) origin ORDER BY origin"
    " ON CONFLICT DO NOTHING"
)
PUT_TARGETS = (
    "INSERT INTO targets (integration, url, origin) SELECT DISTINCT g.integration, g.url, o.id"
    " FROM unnest($1::text[], $2::text[], $3::text[]) g(integration, url, origin)"
    " JOIN origins o ON o.origin = g.origin ORDER BY g.integration, g.url ON CONFLICT DO NOTHING"
)
COUNT_ONE = (
    "INSERT INTO queues AS q (integration, open) VALUES ($1, 1)"
    " ON CONFLICT (integration) DO UPDATE SET open = q.open + 1"
)
PUT_REPLAY = (
    "INSERT INTO outbox (event, number, replay, target, origin, trigger_word, state, attempts, next_at, request,"
    " request_revision, created, updated) SELECT e.sequence, $2, $3, t.id, t.origin, $6, 'pending', 0, $7, $8, $9, $7, $7"
    " FROM events e CROSS JOIN targets t WHERE e.id = $1"
    " AND t.integration = $4 AND md5(t.url) = md5($5) AND t.url = $5"
)
# The event by itself, so that no plan that was made for a small table walks an index that has grown since.
NAMED = "d.event = (SELECT sequence FROM events WHERE id = $1) AND d.number = $2 AND d.replay = $3"
SETTLE_DELIVERY = (
    "UPDATE outbox d SET state = $4, reason = $5, next_at = $6, updated = $7, request = coalesce($8, d.request),"
    " request_revision = coalesce($9, d.request_revision), attempts = d.attempts - $10, worker = NULL, lease = NULL"
    f" WHERE {NAMED} AND d.state IN {OPEN}"
)
PUT_REQUEST = f"UPDATE outbox d SET request = $4, request_revision = $5 WHERE {NAMED}"
COUNT_SUCCESS = "UPDATE queues SET failures = 0, failing_since = NULL WHERE integration = $1 AND failing_since IS NOT NULL"
COUNT_FAILURE = (
    "UPDATE queues SET failures = failures + 1, failing_since = coalesce(failing_since, $2)"
    " WHERE integration = $1"
)
PUT_KEY = (
    "INSERT INTO keys (integration, key, digest, status, body, created) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (integration, key) DO UPDATE SET digest = excluded.digest, status = excluded.status,"
    " body = excluded.body, created = excluded.created"
)


async def put_event(connection: "Connection", step: PutEvent) -> None:
    """Write what happened, unless it is there."""
    about = (step.id, step.kind, step.rid, step.message_id, step.user_id)
    await connection.execute(PUT_EVENT, *about, step.hops, step.body, step.created)


async def put_deliveries(connection: "Connection", step: PutDeliveries) -> None:
    """Owe deliveries, or record at once that an integration's queue is full."""
    targets = step.targets
    if not targets:
        return
    lists = (
        [one.integration_id for one in targets],
        [_storable(one.url) for one in targets],
        [_storable(one.trigger_word) for one in targets],
    )
    too_many = f"the integration already has {step.limit} deliveries open"
    given = (step.event_id, *lists, step.created, step.limit)
    if await connection.execute(PUT_DELIVERIES, *given, len(targets), too_many) == "INSERT 0 0":
        await put_targets(connection, targets)  # some are called for the first time
        # Two URLs of one MD5 are made on purpose: the second is never known, and owed nothing.
        await connection.execute(PUT_DELIVERIES, *given, 0, too_many)


async def put_targets(connection: "Connection", targets: Sequence[Target]) -> None:
    """Know these URLs of integrations from now on."""
    origins = [_storable(one.origin) for one in targets]
    await connection.execute(PUT_ORIGINS, origins)
    lists = [one.integration_id for one in targets], [_storable(one.url) for one in targets]
    await connection.execute(PUT_TARGETS, *lists, origins)


async def put_replay(connection: "Connection", step: PutReplay) -> None:
    """Owe a delivery again."""
    await put_targets(connection, [step.target])
    number = int(step.id.split(".")[1])
    where = step.target.integration_id, step.target.url, _storable(step.target.trigger_word)
    more = step.created, step.request, step.request_revision
    if (
        await connection.execute(PUT_REPLAY, step.event_id, number, step.replay, *where, *more)
        == "INSERT 0 1"
    ):
        await connection.execute(COUNT_ONE, step.target.integration_id)


async def put_request(connection: "Connection", step: PutRequest) -> None:
    """Keep what an attempt prepared."""
    if (named := name(step.delivery_id)) is not None:
        await connection.execute(PUT_REQUEST, *named, step.request, step.revision)


async def settle_delivery(connection: "Connection", step: SettleDelivery) -> None:
    """Let go of a delivery that is open."""
    if (named := name(step.id)) is not None:
        state = step.state, _storable(step.reason), step.next_at, step.updated
        kept = step.request, step.request_revision
        await connection.execute(SETTLE_DELIVERY, *named, *state, *kept, 0 if step.attempted else 1)


async def count_outcome(connection: "Connection", step: CountOutcome) -> None:
    """Count how an attempt ended."""
    if step.delivered:
        await connection.execute(COUNT_SUCCESS, step.integration_id)
    else:
        await connection.execute(COUNT_FAILURE, step.integration_id, step.at)


async def put_key(connection: "Connection", step: PutKey) -> None:
    """Remember an answer."""
    answer = step.digest, step.status, step.body
    await connection.execute(PUT_KEY, step.integration_id, step.key, *answer, step.created)


def held(at: Callable[[int], str], delivery_id: str, worker: str) -> tuple[str, tuple[Any, ...]]:
    """The delivery is being sent by this worker, and stays so: its row is locked until the commit ends."""
    named = name(delivery_id)
    if named is None:
        return "false", ()
    event = f"(SELECT sequence FROM events WHERE id = {at(1)})"
    row = f"d.event = {event} AND d.number = {at(2)} AND d.replay = {at(3)}"
    sent = f"SELECT 1 FROM outbox d WHERE {row} AND d.worker = {at(4)} AND d.state = 'sending' FOR UPDATE"
    return f"EXISTS ({sent})", (*named, worker)


def name(id: str) -> Name | None:
    """What a delivery's id says; None for what is no such id."""
    event, *numbers = id.split(".")
    if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in numbers):
        return None
    match list(map(int, numbers)):
        case [number]:
            return event, number, 0
        case [number, replay] if replay > 0:
            return event, number, replay
    return None


def _storable(text: str | None) -> str | None:
    """A text without NUL, which PostgreSQL can not store; nobody can be called at a URL that has one."""
    return None if text is None else text.replace("\0", "\ufffd")
