"""The dispatcher: how many at once, in which order, and what a stop or a clock that jumps does to them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from strongback.clock import system_clock
from strongback.errors import Unavailable
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Claims, Delivery, StoredEvent, Wanted
from strongback.storage.guards import Held
from strongback.storage.steps import PutDeliveries, PutEvent, SettleDelivery, Target
from strongback.webhooks import dispatcher
from strongback.webhooks.dispatcher import SENDING_TO_AN_ORIGIN, Dispatcher, Slot
from tests.stores import open_store

pytestmark = pytest.mark.anyio

DAY = 86_400_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


async def owe(store: Store, *ids: str, origin: str = "http://a:80", at: int = 0) -> None:
    target = Target("i", f"{origin}/", origin)
    steps = [PutDeliveries(f"e{id}", [target], at, 1_000_000) for id in ids]
    events = [PutEvent(f"e{id}", "sendMessage", None, None, "u", 0, "{}", at) for id in ids]
    await store.commit(Changes(steps=[*events, *steps]))


class Receiver:
    """Stands in for all that an attempt does; what it is told to hold, it holds."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.held: dict[str, asyncio.Event] = {}
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.started: list[str] = []
        self.healthy = True
        self.state = "delivered"

    def hold(self, origin: str) -> asyncio.Event:
        return self.held.setdefault(origin, asyncio.Event())

    async def attempt(self, delivery: Delivery, event: StoredEvent, slot: Slot) -> None:
        self.started.append(delivery.id)
        self.now[delivery.origin] += 1
        self.most[delivery.origin] = max(self.most[delivery.origin], self.now[delivery.origin])
        try:
            if delivery.origin in self.held:
                await self.held[delivery.origin].wait()
        finally:
            self.now[delivery.origin] -= 1
        slot.free(healthy=self.healthy)
        settled = SettleDelivery(delivery.id, self.state, None, 0, 0)
        await self.store.commit(Changes([Held(delivery.id, delivery.worker or "")], [settled]))


@asynccontextmanager
async def running(
    store: Store, receiver: Receiver, clock: Callable[[], int] = system_clock
) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(store, clock, receiver.attempt)
    store.on_deliveries(dispatcher.wake)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        await dispatcher.stop(1)
        await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.002)


async def states(store: Store) -> Counter[str]:
    return Counter(one.state for one in (await store.deliveries("i", None, 0, 0)).deliveries)


async def settled(store: Store, count: int) -> None:
    async with asyncio.timeout(20):
        while (await states(store))["delivered"] < count:
            await asyncio.sleep(0.002)


async def test_what_is_owed_before_and_after_the_start_is_delivered(store: Store) -> None:
    receiver = Receiver(store)
    await owe(store, "1")
    async with running(store, receiver):
        await until(lambda: receiver.started == ["e1.0"])
        await owe(store, "2", "3")
        await settled(store, 3)
    assert receiver.started == ["e1.0", "e2.0", "e3.0"]


async def test_an_origin_has_four_at_once_and_starts_in_order(store: Store) -> None:
    receiver = Receiver(store)
    gate = receiver.hold("http://a:80")
    await owe(store, *map(str, range(30)))
    async with running(store, receiver):
        await until(lambda: receiver.now["http://a:80"] == SENDING_TO_AN_ORIGIN)
        gate.set()
        await settled(store, 30)
    assert receiver.most["http://a:80"] == SENDING_TO_AN_ORIGIN == 4
    assert receiver.started == [f"e{n}.0" for n in range(30)]


async def test_a_stuck_origin_does_not_hold_up_another(store: Store) -> None:
    receiver = Receiver(store)
    gate = receiver.hold("http://stuck:80")
    await owe(store, *(f"s{n}" for n in range(200)), origin="http://stuck:80")
    await owe(store, *(f"g{n}" for n in range(50)), origin="http://good:80")
    async with running(store, receiver):
        await settled(store, 50)
        assert receiver.now["http://stuck:80"] == 4
        gate.set()
        await settled(store, 250)


async def test_no_more_than_sixty_four_are_sent_at_once(store: Store) -> None:
    receiver = Receiver(store)
    gates = [receiver.hold(f"http://{n}:80") for n in range(30)]
    for n in range(30):
        await owe(store, *(f"{n}x{k}" for k in range(5)), origin=f"http://{n}:80")
    async with running(store, receiver):
        await until(lambda: receiver.now.total() == 64)
        assert len(receiver.started) == 64
        for gate in gates:
            gate.set()
        await settled(store, 150)
    assert max(receiver.most.values()) <= 4


async def test_an_origin_that_fails_is_left_alone(store: Store) -> None:
    receiver = Receiver(store)
    receiver.healthy = False
    await owe(store, *map(str, range(40)))
    await owe(store, *(f"g{n}" for n in range(5)), origin="http://good:80")
    async with running(store, receiver):
        await until(lambda: len(receiver.started) >= 15)
    bad = [id for id in receiver.started if not id.startswith("eg")]
    # When the tenth failed, three were on their way, and as many as fit beside them were being claimed.
    assert 10 <= len(bad) <= 13 + SENDING_TO_AN_ORIGIN
    assert (await states(store))["pending"] == 40 - len(bad)
    waiting = await store.deliveries("i", "pending", 0, 0)
    assert {one.attempts for one in waiting.deliveries} == {0}


async def test_what_is_claimed_during_a_stop_is_given_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, asked, gate = store.claim, asyncio.Event(), asyncio.Event()

    async def slow(worker: str, now: int, lease: int, wanted: Wanted) -> Claims:
        asked.set()
        await gate.wait()
        return await claim(worker, now, lease, wanted)

    monkeypatch.setattr(store, "claim", slow)
    await owe(store, "1", "2")
    dispatcher = Dispatcher(store, system_clock, Receiver(store).attempt)
    running_one = asyncio.create_task(dispatcher.run())
    await asyncio.wait_for(asked.wait(), 20)
    stopping = asyncio.create_task(dispatcher.stop(1))
    await asyncio.sleep(0.05)
    gate.set()
    await stopping
    await running_one
    assert await states(store) == {"pending": 2}


async def test_a_retry_waits_for_its_time(store: Store) -> None:
    receiver = Receiver(store)
    now = [1_000]
    await owe(store, "1", at=1_000)
    await store.claim("before", 1_000, 60_000, Wanted(1, 1, {}))
    await store.commit(Changes(steps=[SettleDelivery("e1.0", "pending", None, 5_000, 1_000)]))
    async with running(store, receiver, lambda: now[0]) as running_one:
        await asyncio.sleep(0.05)
        assert receiver.started == []
        now[0] = 5_000
        running_one.wake()
        await settled(store, 1)


async def test_a_stop_lets_go_of_what_is_being_sent(store: Store) -> None:
    receiver = Receiver(store)
    receiver.hold("http://a:80")
    await owe(store, *map(str, range(6)))
    one = Dispatcher(store, system_clock, receiver.attempt)
    task = asyncio.create_task(one.run())
    await until(lambda: receiver.now["http://a:80"] == 4)
    await one.stop(0.05)
    await task
    page = await store.deliveries("i", None, 0, 0)
    assert [(one.state, one.attempts, one.worker) for one in page.deliveries] == [("pending", 0, None)] * 6


async def test_a_stop_waits_for_what_is_about_to_end(store: Store) -> None:
    receiver = Receiver(store)
    gate = receiver.hold("http://a:80")
    await owe(store, "1")
    one = Dispatcher(store, system_clock, receiver.attempt)
    task = asyncio.create_task(one.run())
    await until(lambda: receiver.now["http://a:80"] == 1)
    stopping = asyncio.create_task(one.stop(20))
    gate.set()
    await stopping
    await task
    assert await states(store) == Counter({"delivered": 1})


async def test_a_clock_that_goes_back_a_day_starves_nothing(store: Store) -> None:
    receiver = Receiver(store)
    now = [10 * DAY]
    async with running(store, receiver, lambda: now[0]) as running_one:
        await owe(store, "1", at=10 * DAY + 2_000)
        await asyncio.sleep(0.05)
        now[0] = 9 * DAY
        running_one.wake()
        await asyncio.sleep(0.05)
        now[0] = 9 * DAY + 2_001
        running_one.wake()
        await settled(store, 1)


async def test_a_clock_that_goes_forward_a_day_sends_nothing_twice(store: Store) -> None:
    receiver = Receiver(store)
    gate = receiver.hold("http://a:80")
    now = [10 * DAY]
    await owe(store, *map(str, range(8)))
    async with running(store, receiver, lambda: now[0]) as running_one:
        await until(lambda: receiver.now["http://a:80"] == 4)
        now[0] = 11 * DAY
        running_one.wake()
        await asyncio.sleep(0.05)
        gate.set()
        await settled(store, 8)
    assert sorted(receiver.started) == [f"e{n}.0" for n in range(8)]


async def test_what_a_dead_process_was_sending_is_sent_again(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await owe(store, "1")
    await store.claim("dead", 10, 60_000, Wanted(1, 1, {}))
    await store.close()
    store = await open_store(tmp_path)
    receiver = Receiver(store)
    async with running(store, receiver):
        await settled(store, 1)
    found = await store.delivery("e1.0")
    assert found is not None
    assert found.attempts == 2
    await store.close()


async def test_a_database_that_can_not_serve_is_asked_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "AFTER_FAILURE_SECONDS", 0.01)
    claim, calls = store.claim, [0]

    async def failing(*args: object) -> object:
        calls[0] += 1
        if calls[0] < 4:
            raise Unavailable("the database is locked")
        return await claim(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "claim", failing)
    receiver = Receiver(store)
    await owe(store, "1")
    async with running(store, receiver):
        await settled(store, 1)
    assert calls[0] >= 4
