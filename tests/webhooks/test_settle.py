"""What is counted of an attempt: once it is recorded, and by the worker that still held the delivery."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from strongback import metrics
from strongback.documents.document import Document
from strongback.egress.client import Client
from strongback.scripts.pool import Pool
from strongback.storage.deliveries import Wanted
from strongback.storage.steps import PutEvent, PutIntegration, PutReplay, Target
from strongback.webhooks.classify import Outcome
from strongback.webhooks.outgoing import Attempt, Parts
from strongback.webhooks.replies import Replies
from strongback.webhooks.secrets import Secrets
from strongback.webhooks.settle import settle, settle_unsent
from strongback.webhooks.steps import Record
from tests.room_world import RoomWorld, room_world

pytestmark = pytest.mark.anyio

DAY = 86_400_000
DELIVERED = Outcome("delivered", "after-process-false-result", "it answered 200")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RoomWorld]:
    async with room_world(tmp_path) as opened:
        yield opened


def parts(world: RoomWorld) -> Parts:
    nobody = cast("Client", None)
    return Parts(world.store, world.clock, nobody, Pool(), Secrets("k" * 32, None), cast("Replies", None))


async def claimed_replay(world: RoomWorld) -> Attempt:
    """An attempt at the replay of an event of yesterday, asked for a quarter of a second ago."""
    target = Target("i1", "https://hooks.example/", "https://hooks.example:443")
    await world.write(PutIntegration(Document("i1", {"_id": "i1", "type": "webhook-outgoing"}), []))
    await world.write(PutEvent("e", "sendMessage", None, None, "u", 0, "{}", world.now - DAY))
    await world.write(PutReplay("e.0.1", "e", target, 1, world.now - 250))
    [(delivery, event)] = (await world.store.claim("w", world.now, world.now + 60, Wanted(1, 1, {}))).taken
    stored = await world.store.get("integrations", "i1")
    assert stored is not None
    record = Record.outgoing("h1", "i1", None, event.kind, world.now, delivery_id=delivery.id)
    return Attempt(delivery, event, stored, stored.decode(), record)


def counted() -> dict[str, float]:
    """What has been counted so far in this process, by the names of samples."""
    return {
        f"{sample.name.removeprefix('strongback_')} {' '.join(sample.labels.values())}".strip(): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if family.name.startswith(("strongback_attempts", "strongback_deliver"))
        and not sample.name.endswith("_bucket")
    }


def more(before: dict[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in counted().items() if value != before[name]}


async def test_a_delivery_took_the_time_since_it_was_owed(world: RoomWorld) -> None:
    one, before = await claimed_replay(world), counted()
    await settle(parts(world), one, DELIVERED)
    assert more(before) == {
        "attempts_total delivered": 1,
        "deliveries_total delivered": 1,
        "delivery_delay_seconds_count": 1,
        "delivery_delay_seconds_sum": pytest.approx(0.25),
    }


async def test_what_another_has_taken_over_is_not_counted(world: RoomWorld) -> None:
    one, before = await claimed_replay(world), counted()
    world.now += 1_000
    assert await world.store.reclaim(world.now) == 1
    assert len((await world.store.claim("other", world.now, world.now + 60, Wanted(1, 1, {}))).taken) == 1
    await settle(parts(world), one, DELIVERED)
    await settle_unsent(parts(world), one.delivery, "cancelled", "the integration is disabled")
    assert more(before) == {}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("cancelled", {"deliveries_total cancelled": 1}),
        ("failed", {"deliveries_total failed": 1}),
        ("pending", {}),
    ],
)
async def test_what_was_not_sent_is_no_attempt(
    world: RoomWorld, state: str, expected: dict[str, float]
) -> None:
    one, before = await claimed_replay(world), counted()
    await settle_unsent(parts(world), one.delivery, state, "a reason")
    assert more(before) == expected
