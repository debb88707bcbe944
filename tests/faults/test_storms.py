"""Ten receivers answer nothing but 503 for a while: they are left alone, asked one by one, and then get everything."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from strongback.testing.answer import Answer, Hold
from strongback.testing.receiver import Receiver
from strongback.webhooks import dispatcher
from strongback.webhooks.breaker import FAILURES, REST_MS
from strongback.webhooks.dispatcher import SENDING_TO_AN_ORIGIN
from tests.faults.report import Report
from tests.faults.world import OPEN, SECOND, World, until

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

ORIGINS, MESSAGES, PROBES = 10, 30, 12


async def test_a_storm_of_503_passes(world: World, report: Report) -> None:
    world.random = Random(7).random
    with Receiver(origins=ORIGINS) as receiver, Receiver() as good:
        paths = [f"/{number}" for number in range(ORIGINS)]
        ids = [await world.hook(url + path) for path, url in zip(paths, receiver.urls, strict=True)]
        well = await world.hook(f"{good.url}/good")
        receiver.script("*", [world.oracle.refusing(Answer(503))])
        for number in range(MESSAGES):
            await world.say(f"m{number}")
        assert await world.ended(well) == {"delivered": MESSAGES}
        await until(lambda: nothing_is_sent(world, ids))

        before = by_path(receiver)
        assert all(FAILURES <= before[path] < FAILURES + SENDING_TO_AN_ORIGIN for path in paths)
        waits = [
            one.next_at - one.updated for id in ids for one in await world.deliveries(id) if one.attempts
        ]
        assert all(4 * SECOND <= wait <= 6 * SECOND for wait in waits)
        assert len(set(waits)) > len(waits) / 2
        for probe in range(1, PROBES + 1):
            world.advance(REST_MS)
            await receiver_has(receiver, before.total() + ORIGINS * probe)
            await until(lambda: nothing_is_sent(world, ids))
            assert by_path(receiver) == Counter({path: before[path] + probe for path in paths})
        tried = [one.attempts for id in ids for one in await world.deliveries(id)]
        assert sum(tried) == receiver.count
        assert min(tried) == 0

        receiver.script("*", [Answer(delay=0.005)])
        for _ in range(20):
            world.advance(REST_MS)
            await until(lambda: nothing_is_due(world, ids))
        assert await world.ended(*ids) == {"delivered": ORIGINS * MESSAGES}
        assert all(most_at_once(receiver, path) <= SENDING_TO_AN_ORIGIN for path in paths)
        report("503 storm at ten receivers", world.oracle.judge(receiver.requests, *paths))
        report("the eleventh meanwhile", world.oracle.judge(good.requests, "/good"))


async def test_while_one_call_asks_the_others_wait(world: World, receiver: Receiver) -> None:
    receiver.answer(503)
    id = await world.hook(f"{receiver.url}/a")
    for number in range(FAILURES):
        await world.say(f"m{number}")
    await until(lambda: nothing_is_sent(world, [id]))
    asked = receiver.count
    hold = Hold(Answer())
    receiver.script("*", [hold])
    world.advance(REST_MS)
    await until(lambda: receiver.count == asked + 1)
    with Receiver() as other:
        well = await world.hook(f"{other.url}/b")
        for number in range(5):
            await world.say(f"another {number}")
            assert await world.ended(well) == {"delivered": number + 1}
    assert receiver.count == asked + 1
    hold.release()
    assert await world.ended(id) == {"delivered": FAILURES + 5}


async def test_no_more_is_claimed_than_the_one_that_asks(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "SENDING", SENDING_TO_AN_ORIGIN)
    receiver.answer(503)
    id = await world.hook(f"{receiver.url}/a")
    for number in range(FAILURES):
        await world.say(f"m{number}")
    await until(lambda: nothing_is_sent(world, [id]))
    with Receiver() as other:
        hold = Hold(Answer())
        other.script("/b", [hold])
        well = await world.hook(f"{other.url}/b")
        for number in range(SENDING_TO_AN_ORIGIN):
            await world.say(f"another {number}")
        await until(lambda: other.count == SENDING_TO_AN_ORIGIN)
        world.advance(REST_MS)
        for number in range(5):
            await world.say(f"one more {number}")
            await until(lambda: has_sending(world, id))
            assert (await world.states(id))["sending"] == 1
        hold.release()
        await world.ended(well)


async def has_sending(world: World, id: str) -> bool:
    """Whether something is claimed of an integration."""
    return (await world.states(id))["sending"] > 0


async def receiver_has(receiver: Receiver, count: int) -> None:
    """Wait until so many requests have arrived."""
    await until(lambda: receiver.count >= count)


async def nothing_is_sent(world: World, ids: Sequence[str]) -> bool:
    """Whether no delivery is called `sending`."""
    return not any([(await world.states(id))["sending"] for id in ids])


async def nothing_is_due(world: World, ids: Sequence[str]) -> bool:
    """Whether all that is open waits for its time."""
    open = [one for id in ids for one in await world.deliveries(id) if one.state in OPEN]
    return all(one.state == "pending" and one.next_at > world.now for one in open)


def by_path(receiver: Receiver) -> Counter[str]:
    """How many requests have arrived at each path."""
    return Counter(request.path for request in receiver.requests)


def most_at_once(receiver: Receiver, path: str) -> int:
    """How many requests to a path waited for their answer at the same time."""
    seen = [one for one in receiver.requests if one.path == path]
    return max(
        sum(1 for other in seen if other.at <= one.at < (other.answered or one.at + 1)) for one in seen
    )
