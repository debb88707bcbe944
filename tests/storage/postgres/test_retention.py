"""Retention beside commits and other nodes: what somebody is about to use stays."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Old, Wanted
from strongback.storage.postgres import claims, deliveries, retention, steps
from strongback.storage.postgres.guards import COMMITS
from strongback.storage.steps import (
    PutDeliveries,
    PutEvent,
    PutHistory,
    PutKey,
    PutReplay,
    SettleDelivery,
    Target,
)
from tests.stores import database_url, open_store

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

pytestmark = pytest.mark.anyio

OLD, NEW, NOW = 10, 500, 900
TARGET = Target("i1", "http://a/", "http://a:80")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path, "postgres")
    yield opened
    await opened.close()


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator["Connection"]:
    opened = await asyncpg.connect(database_url(tmp_path, "postgres"))
    yield opened
    await opened.close()


def old(**other: Any) -> Old:
    usual: dict[str, Any] = {
        "now": NOW,
        "before": 100,
        "pending_before": 0,
        "keys_before": 100,
        "expired": "late",
        "keep": 10,
    }
    return Old(**(usual | {"batch": 50} | other))


def event(id: str, created: int = OLD) -> PutEvent:
    return PutEvent(id, "sendMessage", None, None, "u", 0, "{}", created)


def owed(id: str, created: int = OLD, target: Target = TARGET) -> list[Any]:
    return [event(id, created), PutDeliveries(id, [target], created, 1_000)]


def record(id: str, updated: int) -> PutHistory:
    document = Document(id, {"_id": id, "integration": {"_id": "i1"}})
    document.set_date("_updatedAt", updated)
    return PutHistory(document, "i1", '{"_id":"i1","name":"first"}', 7)


async def write(store: Store, *written: Any) -> None:
    await store.commit(Changes(steps=list(written)))


async def waiting(connection: "Connection") -> None:
    """Wait until somebody waits for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(20):
        while not await connection.fetchval(asked):
            await asyncio.sleep(0.005)


async def test_one_node_sweeps_at_a_time(store: Store, connection: "Connection") -> None:
    await write(store, PutKey("i1", "k", "d", 200, "", OLD))
    async with connection.transaction():
        assert await retention.retire(connection, old(keys_before=0), "") == (0, 0, "")
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", retention.SWEEP)
            assert await store.retire(old()) == 0
    assert await store.retire(old()) == 1


async def test_an_event_stays_that_is_being_replayed(store: Store, connection: "Connection") -> None:
    await write(store, *owed("e"), SettleDelivery("e.0", "failed", "no", 0, OLD))
    async with connection.transaction():
        await deliveries.put_event(connection, event("e"))
        await deliveries.put_replay(connection, PutReplay("e.0.1", "e", TARGET, 1, NOW))
        assert await store.retire(old()) == 1  # the delivery that has ended
    [(replay, _)] = (await store.claim("w", NOW, NOW + 60, Wanted(1, 1, {}))).taken
    assert replay.id == "e.0.1"
    assert await store.retire(old()) == 0


async def test_an_event_that_goes_while_it_is_replayed_comes_back(
    store: Store, connection: "Connection"
) -> None:
    await write(store, *owed("e"), SettleDelivery("e.0", "failed", "no", 0, OLD))
    async with connection.transaction():
        assert (await retention.retire(connection, old(), ""))[0] == 2
        replayed = asyncio.create_task(write(store, event("e"), PutReplay("e.0.1", "e", TARGET, 1, NOW)))
        await waiting(connection)
    await replayed
    [(replay, _)] = (await store.claim("w", NOW, NOW + 60, Wanted(1, 1, {}))).taken
    assert replay.id == "e.0.1"


async def test_a_key_stays_that_is_used_anew(store: Store, connection: "Connection") -> None:
    await write(store, PutKey("i1", "k", "old", 200, "", OLD))
    async with connection.transaction():
        await deliveries.put_key(connection, PutKey("i1", "k", "new", 200, "", NEW))
        swept = asyncio.create_task(store.retire(old()))
        await waiting(connection)
    assert await swept == 0
    found = await store.answered("i1", "k", 0)
    assert found is not None
    assert found.digest == "new"


async def test_what_calls_ran_with_goes_with_the_last_of_them(store: Store, connection: "Connection") -> None:
    await write(store, record("h1", OLD), record("h2", NEW))
    copies = "SELECT count(*) FROM copies"
    assert await store.retire(old()) == 1
    assert await connection.fetchval(copies) == 1
    assert await store.retire(old(before=NEW + 1)) == 1
    assert await connection.fetchval(copies) == 0


async def test_what_a_call_ran_with_stays_that_is_being_recorded(
    store: Store, connection: "Connection"
) -> None:
    await write(store, record("h1", OLD))
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", COMMITS)
        await steps.put_history(connection, record("h2", NEW), 99)
        swept = asyncio.create_task(store.retire(old()))
        await waiting(connection)
    assert await swept == 1
    stored = await store.get("history", "h2")
    assert stored is not None
    assert stored.decode().body["integration"]["name"] == "first"


async def test_what_is_being_claimed_does_not_expire(store: Store, connection: "Connection") -> None:
    await write(store, *owed("e1"), *owed("e2"))
    async with connection.transaction():
        await claims.claim(connection, "w", NOW, NOW + 60, Wanted(1, 1, {}), 0)
        assert await store.retire(old(pending_before=100)) == 1
    found = [await store.delivery(f"e{n}.0") for n in (1, 2)]
    assert [one and one.state for one in found] == ["sending", "expired"]
    assert (await store.queue("i1")).open == 1


async def test_no_more_than_a_batch_goes_at_once(store: Store) -> None:
    for n in range(6):
        await write(store, *owed(f"e{n}"))
    assert await store.retire(old(pending_before=100, before=0, batch=4)) == 4
    assert await store.retire(old(pending_before=100, before=0, batch=4)) == 2
    assert await store.retire(old(pending_before=100, before=0, batch=4)) == 0
    for n in range(6):  # first their deliveries, each with its event
        assert await store.event(f"e{n}") is not None
    assert await store.retire(old(batch=4)) == 8
    assert await store.retire(old(batch=4)) == 4
    assert await store.retire(old(batch=4)) == 0


async def test_every_integration_keeps_its_newest_wherever_a_sweep_begins(
    store: Store, connection: "Connection"
) -> None:
    ids = [f"i{n:03}" for n in range(250)]
    for n in range(3):
        targets = [Target(id, f"http://a/{url}", "http://a:80") for id in ids for url in range(2)]
        await write(store, event(f"e{n}", NEW), PutDeliveries(f"e{n}", targets, NEW, 1_000))
    await connection.execute("UPDATE outbox SET state = 'delivered'")
    sweeps = 0
    while await store.retire(old(keep=2, batch=90)):
        sweeps += 1
    assert sweeps > 250 * 4 / 90 / 2  # a batch of each kind at once, and never everything
    for id in ids:
        page = await store.deliveries(id, None, 0, 0)
        assert page.total == 2
        assert {one.event_id for one in page.deliveries} == {"e2"}


async def test_what_is_old_goes_although_something_older_waits(store: Store) -> None:
    other = Target("i2", "http://b/", "http://b:80")
    for n in range(5):
        await write(store, *owed(f"w{n}", 1, other))
    for n in range(5):
        await write(store, *owed(f"e{n}"), SettleDelivery(f"e{n}.0", "failed", "no", 0, OLD))
    assert await store.retire(old(batch=2)) == 4
    assert await store.retire(old(batch=2)) == 4
    assert await store.retire(old(batch=2)) == 2
    assert (await store.deliveries("i2", None, 0, 0)).total == 5
