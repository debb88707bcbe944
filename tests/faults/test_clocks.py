"""The clock jumps by a day, forward and back: nothing starves, nothing storms, nothing is sent twice."""

import pytest

from strongback.testing.answer import Answer, Hold
from strongback.testing.receiver import Receiver
from strongback.webhooks import dispatcher
from tests.faults.report import Report
from tests.faults.world import DAY, SECOND, World, until

pytestmark = [pytest.mark.anyio, pytest.mark.faults]


async def refused(world: World, id: str) -> bool:
    """Whether every first attempt has been recorded as one that failed."""
    return all(one.state == "pending" and one.attempts for one in await world.deliveries(id))


async def due_soon(world: World, id: str) -> bool:
    return all(one.next_at <= world.now + 6 * SECOND for one in await world.deliveries(id))


async def test_a_retry_does_not_starve_when_the_clock_goes_back(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    receiver.script("/a", [world.oracle.refusing(Answer(503)), Answer()])
    await world.say("one")
    await world.waiting(id, attempts=1)
    world.jump(-DAY)
    await until(lambda: due_soon(world, id))
    assert receiver.count == 1
    world.advance(5 * SECOND)
    assert await world.ended(id) == {"delivered": 1}
    report("clock back a day", world.oracle.judge(receiver.requests, "/a"))


async def test_a_retry_does_not_starve_when_the_clock_goes_back_while_the_server_is_away(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    receiver.script("/a", [world.oracle.refusing(Answer(503)), Answer()])
    await world.say("one")
    await world.waiting(id, attempts=1)
    await world.stop()
    world.now -= DAY
    await world.start()
    await until(lambda: due_soon(world, id))
    world.advance(5 * SECOND)
    assert await world.ended(id) == {"delivered": 1}
    report("clock back a day, server away", world.oracle.judge(receiver.requests, "/a"))


async def test_retries_do_not_storm_when_the_clock_goes_forward(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    receiver.script("/a", [*[world.oracle.refusing(Answer(408))] * 40, Answer(delay=0.01)])
    for number in range(40):
        await world.say(f"m{number}")
    await until(lambda: refused(world, id))  # what is recorded after the jump would wait from then on
    assert receiver.count == 40
    world.jump(DAY)
    assert await world.ended(id) == {"delivered": 40}
    assert receiver.most_at_once <= 4
    assert {one.attempts for one in await world.deliveries(id)} == {2}
    report("clock forward a day", world.oracle.judge(receiver.requests, "/a"))


@pytest.mark.parametrize("days", [1, -1])
async def test_what_is_being_sent_stays_leased(
    world: World, receiver: Receiver, report: Report, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    renewals: list[int] = []
    reclaim = world.store.reclaim

    async def counted(now: int, worker: str | None = None) -> int:
        renewals.append(now)
        return await reclaim(now, worker)

    monkeypatch.setattr(world.store, "reclaim", counted)
    id = await world.hook(f"{receiver.url}/a")
    hold = Hold()
    receiver.script("/a", [hold])
    await world.say("one")
    await until(lambda: receiver.count == 1)
    world.jump(days * DAY)
    await until(lambda: len([now for now in renewals if now == world.now]) >= 3)
    assert (await world.delivery(id)).state == "sending"
    hold.release()
    assert await world.ended(id) == {"delivered": 1}
    verdict = world.oracle.judge(receiver.requests, "/a")
    assert verdict.duplicates == 0
    report(f"clock {days:+} day while sending", verdict)


@pytest.mark.parametrize("days", [1, -1])
async def test_an_origin_is_left_alone_for_as_long_as_ever(
    world: World, receiver: Receiver, days: int
) -> None:
    failing = await world.hook(f"{receiver.url}/a")
    receiver.answer(503)
    for number in range(10):
        await world.say(f"m{number}")
    await until(lambda: refused(world, failing))
    assert receiver.count == 10
    with Receiver() as other:
        id = await world.hook(f"{other.url}/b")
        world.jump(days * DAY)
        for number in range(3):
            world.steady += 9 * SECOND
            await world.say(f"after {number}")
            assert (await world.ended(id)) == {"delivered": number + 1}
        assert receiver.count == 10
    world.advance(3 * SECOND)
    await until(lambda: receiver.count > 10)


async def test_a_day_does_not_make_five(world: World, receiver: Receiver) -> None:
    id = await world.hook(f"{receiver.url}/a", retryFailedCalls=False)
    receiver.answer(404, "no")
    for number in range(12):
        await world.say(f"m{number}")
    assert await world.ended(id) == {"failed": 12}
    world.jump(DAY)
    await world.say("one more")
    assert await world.ended(id) == {"failed": 13}
    assert (await world.get("integrations.get", integrationId=id))["integration"]["enabled"] is True


async def test_a_crash_and_a_clock_that_goes_back_starve_nothing(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    receiver.script("/a", [Hold(), Answer()])
    await world.say("one")
    await until(lambda: receiver.count == 1)
    await world.crash()
    world.oracle.killed(set())
    world.now -= DAY
    await world.start()
    assert await world.ended(id) == {"delivered": 1}
    report("clock back a day in a crash", world.oracle.judge(receiver.requests, "/a"))


async def test_a_poster_whose_clock_is_ahead_delays_nothing(world: World, receiver: Receiver) -> None:
    id = await world.hook(f"{receiver.url}/a")
    message = {"rid": world.group, "msg": "from the future", "ts": {"$date": world.now + 9 * SECOND}}
    (await world.post("chat.sendMessage", message=message)).raise_for_status()
    assert await world.ended(id) == {"delivered": 1}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are renewed all the time."""
    monkeypatch.setattr(dispatcher, "RENEW_SECONDS", 0.01)
