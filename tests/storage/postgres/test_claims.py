"""Claims of many workers at once: nothing twice, and nobody waits."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Wanted
from strongback.storage.postgres import claims, deliveries
from strongback.storage.steps import PutDeliveries, PutEvent, SettleDelivery, Target
from tests.stores import database_url, open_store

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

pytestmark = pytest.mark.anyio

NOW = 1_000
LEASE = 61_000


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


async def owe(store: Store, event: str, count: int, origins: int = 7) -> None:
    """Owe deliveries because of one event, one after the other to each origin."""
    to = [f"http://{n % origins}:80" for n in range(count)]
    targets = [Target(f"i{n}", f"{origin}/{n}", origin) for n, origin in enumerate(to)]
    happened = PutEvent(event, "sendMessage", None, None, "u", 0, "{}", 0)
    await store.commit(Changes(steps=[happened, PutDeliveries(event, targets, 0, 1_000_000)]))


async def all_of(store: Store, worker: str, wanted: Wanted) -> list[str]:
    """Claim until there is nothing left."""
    found: list[str] = []
    while taken := (await store.claim(worker, NOW, LEASE, wanted)).taken:
        assert {one.worker for one, _ in taken} == {worker}
        found += [one.id for one, _ in taken]
    return found


async def test_eight_workers_claim_everything_once(tmp_path: Path, store: Store) -> None:
    for n in range(20):
        await owe(store, f"e{n}", 100)
    async with AsyncExitStack() as opened:
        workers = [await open_store(tmp_path, "postgres") for _ in range(8)]
        for one in workers:
            opened.push_async_callback(one.close)
        wanted = Wanted(16, 4, {})
        found = await asyncio.gather(*(all_of(one, f"w{n}", wanted) for n, one in enumerate(workers)))
    taken = Counter(id for ids in found for id in ids)
    assert taken == Counter(f"e{n}.{number}" for n in range(20) for number in range(100))
    assert len([ids for ids in found if ids]) > 1


async def test_nobody_waits_for_what_another_is_taking(store: Store, connection: "Connection") -> None:
    await owe(store, "e", 6, origins=1)
    async with connection.transaction():
        others, _ = await claims.claim(connection, "other", NOW, LEASE, Wanted(2, 4, {}), 0)
        assert [one.id for one, _ in others.taken] == ["e.0", "e.1"]
        mine = await store.claim("w", NOW, LEASE, Wanted(3, 4, {}))
        assert [one.id for one, _ in mine.taken] == ["e.2", "e.3", "e.4"]
        assert await store.reclaim(2 * LEASE) == 3
        assert await store.rebase(-1) == 4  # e.5 too


async def test_a_lease_that_is_being_settled_is_not_taken_away(
    store: Store, connection: "Connection"
) -> None:
    await owe(store, "e", 2, origins=1)
    await store.claim("w", NOW, LEASE, Wanted(2, 4, {}))
    async with connection.transaction():
        await deliveries.settle_delivery(connection, SettleDelivery("e.0", "delivered", None, 0, NOW))
        assert await store.reclaim(2 * LEASE) == 1
    found = [await store.delivery(f"e.{n}") for n in range(2)]
    assert [one and one.state for one in found] == ["delivered", "pending"]


async def test_two_urls_of_one_md5_stop_no_message(store: Store, connection: "Connection") -> None:
    # All URLs that are as long have one md5 now; a table more, and no other test gets the database.
    await connection.execute("CREATE TABLE changed (); DROP INDEX targets_url")
    await connection.execute("CREATE UNIQUE INDEX targets_url ON targets (integration, length(url))")
    targets = [Target("i", f"http://a/{n}", "http://a:80") for n in (1, 2)] + [
        Target("j", "http://b/", "http://b:80")
    ]
    happened = PutEvent("e", "sendMessage", None, None, "u", 0, "{}", 0)
    await store.commit(Changes(steps=[happened, PutDeliveries("e", targets, 0, 99)]))
    found = [await store.delivery(f"e.{n}") for n in range(3)]
    assert [one and one.url for one in found] == ["http://a/1", None, "http://b/"]
    assert [(await store.queue(id)).open for id in ("i", "j")] == [1, 1]
