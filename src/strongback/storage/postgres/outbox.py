"""Integrations at work: what listens, what is owed, what hooks have answered; see `Store` for each method."""

from collections.abc import Callable, Collection

from strongback import metrics
from strongback.documents.document import Stored
from strongback.storage.deliveries import (
    Claims,
    Delivery,
    DeliveryPage,
    Old,
    Queue,
    State,
    StoredAnswer,
    StoredEvent,
    TriggerChanges,
    Wanted,
)
from strongback.storage.postgres import claims, retention
from strongback.storage.postgres.claims import DELIVERY, EVENT, JOINED
from strongback.storage.postgres.connections import Connections
from strongback.storage.postgres.deliveries import NAMED, name
from strongback.storage.postgres.shown import stored_columns
from strongback.storage.postgres.version_1 import OPEN
from strongback.storage.steps import Link

_OF = "FROM links l WHERE l.integration = t.id ORDER BY l.position"
LINKS = "SELECT text, kind, target FROM links WHERE integration = $1 ORDER BY position"
TRIGGER_REVISION = "SELECT triggers FROM state"
# One statement sees one state: a change is in it, or comes after its revision.
TRIGGERS = f"""
SELECT s.triggers, ARRAY(SELECT id FROM integrations_gone WHERE revision > $1),
    ARRAY(SELECT l.text {_OF}), ARRAY(SELECT l.kind {_OF}), ARRAY(SELECT l.target {_OF}), {stored_columns("integrations")}
FROM state s LEFT JOIN integrations t ON t.revision > $1 AND t.type = 'webhook-outgoing' ORDER BY t.revision
"""
EVENT_BY_ID = f"SELECT {EVENT} FROM events e WHERE e.id = $1"
DELIVERY_BY_ID = f"SELECT {DELIVERY} FROM outbox d {JOINED} WHERE {NAMED}"


def _of_integration(states: str) -> str:
    """The deliveries of an integration in one of these states, target by target, and in state $2 if there is one."""
    rows = f"SELECT o.sequence FROM outbox o WHERE o.target = t.id AND o.state {states}"
    asked = "($2::text IS NULL OR o.state = $2) OFFSET 0"
    return f"SELECT d.sequence FROM targets t, LATERAL ({rows} AND {asked}) d WHERE t.integration = $1"


# The total comes with every row, and with a row of nothing else where the page is empty.
DELIVERIES = f"""
WITH found AS MATERIALIZED (
    {_of_integration(f"IN {OPEN}")} UNION ALL {_of_integration(f"NOT IN {OPEN}")}
)
SELECT n.total, p.* FROM (SELECT count(*) AS total FROM found) n LEFT JOIN (
    SELECT d.sequence, {DELIVERY} FROM outbox d {JOINED}
    WHERE d.sequence = ANY(ARRAY(SELECT sequence FROM found ORDER BY 1 DESC LIMIT $3 OFFSET $4))
) p ON true ORDER BY p.sequence DESC
"""
LAST_REPLAY = (
    "SELECT coalesce(max(d.replay), 0) FROM events e JOIN outbox d ON d.event = e.sequence"
    " WHERE e.id = $1 AND d.number = $2"
)
QUEUE = "SELECT open, failures, failing_since FROM queues WHERE integration = $1"
ALL_QUEUES = "SELECT coalesce(sum(open), 0)::bigint FROM queues"
ANSWERED = "SELECT digest, status, body FROM keys WHERE integration = $1 AND key = $2 AND created >= $3"
SECRET = "SELECT sealed FROM secrets WHERE integration = $1"


class Outbox(Connections):
    """The part of the store that triggers, the dispatcher and hooks use."""

    look_again = 1.0
    _next_swept = ""

    async def links(self, integration_id: str) -> list[Link]:
        return [Link(*found) for found in await self._all(LINKS, integration_id)]

    async def triggers(self, since: int) -> TriggerChanges:
        rows = await self._all(TRIGGERS, since)
        changed = [
            (Stored(*stored), [Link(*link) for link in zip(texts, kinds, targets, strict=True)])
            for _, _, texts, kinds, targets, *stored in rows
            if stored[0] is not None
        ]
        return TriggerChanges(rows[0][0], changed, rows[0][1])

    async def trigger_revision(self) -> int:
        ((revision,),) = await self._all(TRIGGER_REVISION)
        return int(revision)

    async def event(self, id: str) -> StoredEvent | None:
        found = await self._one(EVENT_BY_ID, id)
        return None if found is None else StoredEvent(*found)

    async def delivery(self, id: str) -> Delivery | None:
        named = name(id)
        found = None if named is None else await self._one(DELIVERY_BY_ID, *named)
        return None if found is None else Delivery(*found)

    async def deliveries(
        self, integration_id: str, state: State | None, offset: int, count: int
    ) -> DeliveryPage:
        rows = await self._all(DELIVERIES, integration_id, state, count or None, offset)
        page = [Delivery(*row[2:]) for row in rows if row["sequence"] is not None]
        return DeliveryPage(page, rows[0]["total"] if rows else 0)

    async def last_replay(self, delivery_id: str) -> int:
        named = name(delivery_id)
        found = None if named is None else await self._one(LAST_REPLAY, *named[:2])
        return 0 if found is None else int(found[0])

    async def queue(self, integration_id: str) -> Queue:
        return Queue(*(await self._one(QUEUE, integration_id) or ()))

    async def open_deliveries(self) -> int:
        ((total,),) = await self._all(ALL_QUEUES)
        return int(total)

    async def claim(self, worker: str, now: int, lease: int, wanted: Wanted) -> Claims:
        found, self._next_claim = await self._write(
            lambda connection: claims.claim(connection, worker, now, lease, wanted, self._next_claim)
        )
        return found

    async def renew(self, worker: str, lease: int, ids: Collection[str]) -> set[str]:
        return await self._write(lambda connection: claims.renew(connection, worker, lease, ids))

    async def reclaim(self, now: int, worker: str | None = None) -> int:
        reclaimed = await self._write(lambda connection: claims.reclaim(connection, now, worker))
        if reclaimed:
            self._wake()
        return reclaimed

    async def rebase(self, now: int) -> int:
        return await self._write(lambda connection: claims.rebase(connection, now))

    def on_deliveries(self, wake: Callable[[], None]) -> None:
        self._on_deliveries.append(wake)
        if self._wakes is not None:
            self._wakes.on_deliveries.append(wake)

    def on_access(self, changed: Callable[[], None]) -> None:
        if self._wakes is not None:
            self._wakes.on_access.append(changed)

    async def answered(self, integration_id: str, key: str, since: int) -> StoredAnswer | None:
        found = await self._one(ANSWERED, integration_id, key, since)
        return None if found is None else StoredAnswer(*found)

    async def secret(self, integration_id: str) -> bytes | None:
        found = await self._one(SECRET, integration_id)
        return None if found is None else found[0]

    async def retire(self, old: Old) -> int:
        gone, expired, self._next_swept = await self._write(
            lambda connection: retention.retire(connection, old, self._next_swept)
        )
        metrics.DELIVERIES["expired"].inc(expired)
        return gone
