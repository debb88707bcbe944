"""An attempt that goes wrong in the server itself: the delivery does not stay `sending`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from strongback.documents.document import Document
from strongback.egress.client import Client
from strongback.errors import Unavailable
from strongback.scripts.pool import Pool
from strongback.storage.deliveries import Delivery, StoredEvent, Wanted
from strongback.storage.steps import PutDeliveries, PutEvent, PutIntegration, Target
from strongback.webhooks.attempt import BUSY_WAIT_MS, HELD_UP, INTERNAL, NOT_NOW, attempt
from strongback.webhooks.dispatcher import Slot
from strongback.webhooks.outgoing import Parts
from strongback.webhooks.replies import Replies
from strongback.webhooks.secrets import Secrets
from tests.room_world import RoomWorld, room_world

pytestmark = pytest.mark.anyio


class Broken:
    """A door out with a fault that nobody has thought of."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def send(self, request: object) -> Any:
        raise self._error


URL = "https://hooks.example/"


@dataclass
class Claimed:
    """A world with one delivery that a worker has claimed."""

    world: RoomWorld
    delivery: Delivery
    event: StoredEvent

    async def attempt(self, folder: Path, error: Exception, *, held: bool = True) -> list[bool | None]:
        """Try to deliver through the broken door; answers how the slot was freed."""
        world, freed = self.world, list[bool | None]()
        parts = Parts(
            world.store,
            world.clock,
            cast("Client", Broken(error)),
            Pool(),
            Secrets("", folder / "secret.key"),
            cast("Replies", None),
        )
        await attempt(parts, self.delivery, self.event, Slot(freed.append, lambda: held))
        return freed

    async def settled(self) -> Delivery:
        """The delivery as it is now."""
        found = await self.world.store.delivery(self.delivery.id)
        assert found is not None
        return found


@asynccontextmanager
async def claimed(folder: Path) -> AsyncIterator[Claimed]:
    async with room_world(folder) as world:
        body = {"_id": "i1", "type": "webhook-outgoing", "enabled": True, "channel": [], "urls": [URL]}
        target = Target("i1", URL, "https://hooks.example:443")
        await world.write(PutIntegration(Document("i1", body), []))
        await world.write(PutEvent("e", "sendMessage", None, None, "u", 0, "{}", world.now))
        await world.write(PutDeliveries("e", [target], world.now, 9))
        claims = await world.store.claim("w", world.now, world.now + 60, Wanted(1, 1, {}))
        [(delivery, event)] = claims.taken
        yield Claimed(world, delivery, event)


@pytest.mark.parametrize(
    ("error", "state", "reason", "wait"),
    [
        (ValueError("a fault"), "failed", INTERNAL, 0),
        (Unavailable("the key is gone"), "pending", NOT_NOW, BUSY_WAIT_MS),
    ],
)
async def test_a_fault_of_the_server(
    tmp_path: Path, error: Exception, state: str, reason: str, wait: int
) -> None:
    async with claimed(tmp_path) as one:
        assert await one.attempt(tmp_path, error) == [None]
        settled = await one.settled()
        assert (settled.state, settled.reason, settled.next_at) == (state, reason, one.world.now + wait)
        assert (await one.world.store.queue("i1")).open == (state == "pending")


async def test_nothing_is_sent_when_the_lease_has_ended(tmp_path: Path) -> None:
    async with claimed(tmp_path) as one:
        await one.attempt(tmp_path, AssertionError("it was sent"), held=False)
        settled = await one.settled()
        assert (settled.state, settled.reason, settled.attempts) == ("pending", HELD_UP, 0)
        assert settled.next_at == one.world.now


async def test_what_another_has_taken_stays_as_it_is(tmp_path: Path) -> None:
    async with claimed(tmp_path) as one:
        store, now = one.world.store, one.world.now
        await store.reclaim(now + 61)
        await store.claim("another", now, now + 60, Wanted(1, 1, {}))
        await one.attempt(tmp_path, AssertionError("it was sent"), held=False)
        settled = await one.settled()
        assert (settled.state, settled.reason, settled.worker) == ("sending", None, "another")
