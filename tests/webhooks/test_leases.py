"""A worker that was stopped or cut off: it starts nothing that others may have taken, and its late answers are nobody's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strongback.errors import Conflict, Unavailable
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Claims, Delivery, StoredEvent, Wanted
from strongback.storage.guards import Held
from strongback.storage.steps import PutDeliveries, PutEvent, SettleDelivery, Target
from strongback.webhooks import dispatcher
from strongback.webhooks.dispatcher import AHEAD, SENDING_TO_AN_ORIGIN, Dispatcher, Slot
from strongback.webhooks.leases import LEASE_MS, Leases
from tests.stores import open_store

pytestmark = [pytest.mark.anyio, pytest.mark.once]

STUCK, GOOD = "http://stuck:80", "http://good:80"
STARTED = [f"s{n}.0" for n in range(SENDING_TO_AN_ORIGIN)]
WAITING = [f"s{n}.0" for n in range(SENDING_TO_AN_ORIGIN, SENDING_TO_AN_ORIGIN + AHEAD)]


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path, request.param)
    yield opened
    await opened.close()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are renewed all the time."""
    monkeypatch.setattr(dispatcher, "RENEW_SECONDS", 0.01)


@dataclass
class Worker:
    """A worker on clocks that the test moves; what goes to the stuck origin waits for the gate."""

    store: Store
    now: int = 1_000_000
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    started: list[str] = field(default_factory=list)
    held: dict[str, bool] = field(default_factory=dict)
    """By id, whether a delivery was still the worker's when the gate opened."""
    late: list[str] = field(default_factory=list)
    """What could not be recorded, for others have it."""

    async def attempt(self, delivery: Delivery, event: StoredEvent, slot: Slot) -> None:
        self.started.append(delivery.id)
        if delivery.origin == STUCK:
            await self.gate.wait()
        self.held[delivery.id] = slot.held()
        slot.free(healthy=True)
        settled = SettleDelivery(delivery.id, "delivered", None, 0, 0)
        try:
            await self.store.commit(Changes([Held(delivery.id, delivery.worker or "")], [settled]))
        except Conflict:
            self.late.append(delivery.id)

    def pass_time(self, milliseconds: int) -> None:
        self.now += milliseconds


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[tuple[Worker, Dispatcher]]:
    worker = Worker(store)
    one = Dispatcher(store, lambda: worker.now, worker.attempt, lambda: worker.now)
    store.on_deliveries(one.wake)
    task = asyncio.create_task(one.run())
    try:
        yield worker, one
    finally:
        worker.gate.set()
        await one.stop(1)
        await task


async def owe(store: Store, origin: str, *ids: str) -> None:
    steps = [PutDeliveries(id, [Target("i", f"{origin}/", origin)], 0, 1_000) for id in ids]
    events = [PutEvent(id, "sendMessage", None, None, "u", 0, "{}", 0) for id in ids]
    await store.commit(Changes(steps=[*events, *steps]))


async def owe_stuck(store: Store, worker: Worker) -> None:
    """Let the worker send what it may to the stuck origin, and hold what it may beside."""
    await owe(store, STUCK, *(id.removesuffix(".0") for id in (*STARTED, *WAITING)))
    await until(lambda: len(worker.started) == SENDING_TO_AN_ORIGIN)
    assert worker.started == STARTED


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.002)


async def state(store: Store, id: str) -> tuple[str, int, str | None]:
    found = await store.delivery(id)
    assert found is not None
    return found.state, found.attempts, found.worker


async def taken_by_another(store: Store, now: int, one: Dispatcher) -> list[str]:
    """Let another worker, who is quicker, take all that it may."""
    one.paused = True
    await store.reclaim(now)
    claims = await store.claim("another", now, now + LEASE_MS, Wanted(99, 99, {}))
    one.paused = False
    return [delivery.id for delivery, _ in claims.taken]


async def goes_on(store: Store, worker: Worker, id: str = "g1") -> None:
    """Wait until the worker has done something that it was owed later."""
    await owe(store, GOOD, id)
    await until(lambda: f"{id}.0" in worker.held)


async def test_a_worker_that_was_stopped_starts_nothing_that_another_has_taken(store: Store) -> None:
    async with running(store) as (worker, one):
        await owe_stuck(store, worker)
        worker.pass_time(LEASE_MS)
        assert await taken_by_another(store, worker.now + 1, one) == STARTED + WAITING
        worker.gate.set()
        await until(lambda: len(worker.late) == len(STARTED))
        await goes_on(store, worker)
        assert worker.started == [*STARTED, "g1.0"]
        assert sorted(worker.late) == STARTED
        assert worker.held == dict.fromkeys(STARTED, False) | {"g1.0": True}
    for id in STARTED + WAITING:
        assert await state(store, id) == ("sending", 2, "another")


async def test_what_nobody_has_taken_is_given_back_and_claimed_anew(store: Store) -> None:
    async with running(store) as (worker, one):
        await owe_stuck(store, worker)
        worker.pass_time(LEASE_MS)
        one.wake()
        async with asyncio.timeout(20):
            while [await state(store, id) for id in WAITING] != [("sending", 1, one.worker)] * AHEAD:
                await asyncio.sleep(0.002)
        worker.gate.set()
        await until(lambda: len(worker.held) == len(STARTED) + len(WAITING))
        assert worker.held == dict.fromkeys(STARTED, False) | dict.fromkeys(WAITING, True)


async def test_just_before_the_lease_ends_all_is_as_ever(store: Store) -> None:
    async with running(store) as (worker, _):
        await owe_stuck(store, worker)
        worker.pass_time(LEASE_MS - 1)
        worker.gate.set()
        await until(lambda: len(worker.held) == len(STARTED) + len(WAITING))
        assert worker.held == dict.fromkeys(STARTED + WAITING, True)


@pytest.mark.usefixtures("often")
async def test_a_lease_that_is_renewed_goes_on(store: Store) -> None:
    async with running(store) as (worker, one):
        await owe_stuck(store, worker)
        for _ in range(3):
            worker.pass_time(LEASE_MS // 2)
            await renewed(store, worker)
        assert await taken_by_another(store, worker.now, one) == []
        worker.gate.set()
        await until(lambda: len(worker.held) == len(STARTED) + len(WAITING))
        assert worker.held == dict.fromkeys(STARTED + WAITING, True)


async def renewed(store: Store, worker: Worker) -> None:
    """Wait until two renewals have begun and ended at this moment."""
    renew, seen = store.renew, [0]

    async def counted(name: str, lease: int, ids: list[str]) -> set[str]:
        held = await renew(name, lease, ids)
        seen[0] += lease == worker.now + LEASE_MS
        return held

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "renew", counted)
        await until(lambda: seen[0] >= 2)


@pytest.mark.usefixtures("often")
async def test_a_renewal_that_fails_prolongs_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "AFTER_FAILURE_SECONDS", 0.01)
    tried = [0]

    async def failing(*_: object) -> set[str]:
        tried[0] += 1
        raise Unavailable("the database is away")

    async with running(store) as (worker, one):
        await owe_stuck(store, worker)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(store, "renew", failing)
            worker.pass_time(LEASE_MS // 2)
            await until(lambda: tried[0] >= 2)
            worker.pass_time(LEASE_MS // 2)
            assert await taken_by_another(store, worker.now + 1, one) == STARTED + WAITING
            worker.gate.set()
            await until(lambda: len(worker.late) == len(STARTED))
            await goes_on(store, worker)
    assert worker.started == [*STARTED, "g1.0"]


@pytest.mark.usefixtures("often")
async def test_what_a_renewal_does_not_find_is_lost(store: Store) -> None:
    async with running(store) as (worker, one):
        await owe_stuck(store, worker)
        assert await taken_by_another(store, worker.now + LEASE_MS + 1, one) == STARTED + WAITING
        await renewed(store, worker)
        worker.gate.set()
        await until(lambda: len(worker.late) == len(STARTED))
        await goes_on(store, worker)
        assert worker.started == [*STARTED, "g1.0"]
        assert worker.held == dict.fromkeys(STARTED, False) | {"g1.0": True}


@pytest.mark.usefixtures("often")
async def test_a_claim_whose_answer_was_lost_ends_with_its_lease(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "AFTER_FAILURE_SECONDS", 0.01)
    claim, calls = store.claim, [0]

    async def cut_off(worker: str, now: int, lease: int, wanted: Wanted) -> Claims:
        found = await claim(worker, now, lease, wanted)
        calls[0] += bool(found.taken)
        if calls[0] == 2 and found.taken:
            raise Unavailable("the connection was lost")
        return found

    async with running(store) as (worker, one):
        await owe_stuck(store, worker)
        calls[0] = 1
        monkeypatch.setattr(store, "claim", cut_off)
        await owe(store, GOOD, "g1")
        await until(lambda: calls[0] == 2)
        assert await state(store, "g1.0") == ("sending", 1, one.worker)
        for _ in range(3):
            await renewed(store, worker)
            worker.pass_time(LEASE_MS // 2)
        await until(lambda: worker.held.get("g1.0"))


@pytest.mark.usefixtures("often")
async def test_what_a_dead_worker_held_is_sent_as_soon_as_it_is_taken_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "look_again", 3_600.0)
    await owe(store, GOOD, "g1")
    async with running(store) as (worker, one):
        await until(lambda: "g1.0" in worker.held)
        one.paused = True
        await owe(store, GOOD, "g2")
        await store.claim("dead", worker.now, worker.now + LEASE_MS, Wanted(1, 1, {}))
        one.paused = False
        await goes_on(store, worker, "g3")
        worker.pass_time(LEASE_MS + 1)
        await until(lambda: "g2.0" in worker.held)


async def test_a_worker_that_starts_takes_up_only_what_nobody_holds(store: Store) -> None:
    now = Worker(store).now
    await owe(store, GOOD, "g1")
    await store.claim("dead", now, now - 1, Wanted(1, 1, {}))
    await owe(store, GOOD, "g2")
    await store.claim("alive", now, now + LEASE_MS, Wanted(1, 1, {}))
    async with running(store) as (worker, _):
        await until(lambda: "g1.0" in worker.held)
        await goes_on(store, worker, "g3")
    assert worker.started == ["g1.0", "g3.0"]
    assert await state(store, "g2.0") == ("sending", 1, "alive")


async def test_of_two_claims_of_one_delivery_the_later_holds_it(store: Store) -> None:
    await owe(store, GOOD, "g1")
    leases = Leases(lambda: 0)
    [first] = leases.take((await store.claim("w", 0, 60, Wanted(1, 1, {}))).taken, 0)
    await store.reclaim(61)
    [again] = leases.take((await store.claim("w", 61, 121, Wanted(1, 1, {}))).taken, 0)
    assert (leases.holds(first), leases.holds(again)) == (False, True)
    leases.drop(first)
    assert leases.ids == ["g1.0"]
    leases.drop(again)
    assert leases.ids == []
