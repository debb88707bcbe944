"""Integrations at work: what listens, what is owed, what hooks have answered; see `Store` for each method."""

import sqlite3
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
from strongback.storage.sqlite import deliveries, retention, statements
from strongback.storage.sqlite.connection import unavailable
from strongback.storage.sqlite.connections import Connections
from strongback.storage.steps import Link


class Outbox(Connections):
    """The part of the store that triggers, the dispatcher and hooks use."""

    look_again = 30.0

    async def links(self, integration_id: str) -> list[Link]:
        return [Link(*found) for found in self._all(statements.LINKS, (integration_id,))]

    async def triggers(self, since: int) -> TriggerChanges:
        revision = await self.trigger_revision()
        changed = [Stored(*found) for found in self._all(statements.CHANGED_TRIGGERS, (since,))]
        removed = [id for (id,) in self._all(statements.REMOVED_TRIGGERS, (since,))]
        return TriggerChanges(revision, [(one, await self.links(one.id)) for one in changed], removed)

    async def trigger_revision(self) -> int:
        revision: int = self._one(statements.TRIGGER_REVISION, ())[0]
        return revision

    async def event(self, id: str) -> StoredEvent | None:
        found = self._one(statements.EVENT_BY_ID, (id,))
        return None if found is None else StoredEvent(*found)

    async def delivery(self, id: str) -> Delivery | None:
        try:
            sequence = deliveries.find(self._reading, id)
        except sqlite3.Error as error:
            raise unavailable(error) from error
        found = self._one(statements.DELIVERY, (sequence,))
        return None if found is None else Delivery(*found)

    async def deliveries(
        self, integration_id: str, state: State | None, offset: int, count: int
    ) -> DeliveryPage:
        def read(connection: sqlite3.Connection) -> DeliveryPage:
            asked = (integration_id, state, count or -1, offset)
            found = [Delivery(*row) for row in connection.execute(statements.DELIVERIES, asked)]
            (total,) = connection.execute(statements.COUNT_DELIVERIES, asked[:2]).fetchone()
            return DeliveryPage(found, total)

        return await self._wide.run(read)

    async def last_replay(self, delivery_id: str) -> int:
        event, _, number = delivery_id.partition(".")
        replay: int = self._one(statements.LAST_REPLAY, (event, number))[0]
        return replay

    async def queue(self, integration_id: str) -> Queue:
        return Queue(*(self._one(statements.QUEUE, (integration_id,)) or ()))

    async def open_deliveries(self) -> int:
        def read(connection: sqlite3.Connection) -> int:
            found: int = connection.execute(statements.ALL_QUEUES).fetchone()[0]
            return found

        return await self._wide.run(read)

    async def claim(self, worker: str, now: int, lease: int, wanted: Wanted) -> Claims:
        after = self._next_claim
        claims, self._next_claim = await self._write(
            lambda connection: deliveries.claim(connection, worker, now, lease, wanted, after)
        )
        return claims

    async def renew(self, worker: str, lease: int, ids: Collection[str]) -> set[str]:
        return await self._write(lambda connection: deliveries.renew(connection, worker, lease, ids))

    async def reclaim(self, now: int, worker: str | None = None) -> int:
        sql, value = (deliveries.RECLAIM_ENDED, now) if worker is None else (deliveries.RECLAIM_OWN, worker)
        reclaimed = await self._write(lambda connection: connection.execute(sql, (value,)).rowcount)
        if reclaimed:
            self._wake()
        return reclaimed

    async def rebase(self, now: int) -> int:
        return await self._write(lambda connection: connection.execute(deliveries.REBASE, (now,)).rowcount)

    def on_deliveries(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    def on_access(self, changed: Callable[[], None]) -> None:
        """Nothing is called: no other process writes to the file."""

    async def answered(self, integration_id: str, key: str, since: int) -> StoredAnswer | None:
        found = self._one(statements.ANSWERED, (integration_id, key, since))
        return None if found is None else StoredAnswer(*found)

    async def secret(self, integration_id: str) -> bytes | None:
        found = self._one(statements.SECRET, (integration_id,))
        return None if found is None else found[0]

    async def retire(self, old: Old) -> int:
        gone, expired = await self._write(lambda connection: retention.retire(connection, old))
        metrics.DELIVERIES["expired"].inc(expired)
        return gone
