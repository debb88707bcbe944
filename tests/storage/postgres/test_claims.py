"""Claims of many workers at once: nothing twice, nobody waits, and nothing is read that is not taken."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Wanted
from strongback.storage.postgres import claims, deliveries, retention
from strongback.storage.postgres import outbox as reads
from strongback.storage.steps import PutDeliveries, PutEvent, SettleDelivery, Target
from tests.storage.postgres.test_plans import connection as planning
from tests.storage.postgres.test_plans import nodes, plan, walks
from tests.stores import database_url, open_store

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

__all__ = ["planning"]
pytestmark = pytest.mark.anyio

NOW = 1_000
LEASE = 61_000
STUCK = "http://26:80"
"""Behind this origin most of a long queue waits."""
ORIGINS = 51
OF_WHAT_IS_SENT = "outbox_leased"
"""An index that never holds more than the workers send, so that all of it may be read."""


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


def statements() -> list[str]:
    """What works on the outbox, but for what reads a row of every integration or of all that waits."""
    modules = (claims, deliveries, reads)
    named = [item for module in modules for item in vars(module).items()]
    found = [
        sql
        for name, sql in named
        if name.isupper()
        and name[0].isalpha()
        and isinstance(sql, str)
        and sql.split()[0] in {"SELECT", "UPDATE", "INSERT", "DELETE", "WITH"}
    ]
    rows = [retention.OLD_EVENTS, retention.UNUSED_EVENTS, retention.OLD_HISTORY, retention.OLD_KEYS]
    surplus = [retention.SURPLUS_DELIVERIES, retention.SURPLUS_HISTORY, f"SELECT 1 {retention.UNUSED_COPIES}"]
    whole = {claims.REBASE, reads.ALL_QUEUES}
    return [sql for sql in dict.fromkeys([*found, *rows, *surplus]) if sql not in whole]


async def test_every_statement_of_the_outbox_has_an_index_under_it(planning: "Connection") -> None:
    found = {sql: set(walks(await plan(planning, sql))) - {OF_WHAT_IS_SENT} for sql in statements()}
    assert {sql: names for sql, names in found.items() if names} == {}
    assert len(found) > 25


async def test_claims_are_planned_well_before_anything_is_known_of_the_tables(
    connection: "Connection",
) -> None:
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    for sql in (claims.ORIGINS, claims.TAKE, claims.RENEW, claims.RECLAIM_ENDED):
        found = await plan(connection, sql)
        assert [node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"] == [], sql


async def fill(connection: "Connection", rows: int) -> None:
    """Let rows wait, of which 95 in 100 go to one origin; half of each are due at `NOW`."""
    indexes = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'outbox' AND indexdef LIKE '%WHERE%'"
    )
    for name, _ in indexes:
        await connection.execute(f"DROP INDEX {name}")
    await connection.execute(
        "INSERT INTO events (id, kind, user_id, hops, body, created) VALUES ('e', 'sendMessage', 'u', 0, '{}', 0)"
    )
    await connection.execute(
        "INSERT INTO origins (origin) SELECT 'http://' || n || ':80' FROM generate_series(1, $1::int) n",
        ORIGINS,
    )
    await connection.execute(
        "INSERT INTO targets (integration, url, origin) SELECT 'i' || id, origin || '/', id FROM origins"
    )
    await connection.execute(
        "INSERT INTO outbox (event, number, replay, target, origin, state, attempts, next_at, created, updated)"
        " SELECT 1, n, 0, o, o, 'pending', 0, n % 2000, 0, 0 FROM (SELECT n,"
        " CASE WHEN n % 20 > 0 THEN 26 ELSE 1 + (n / 20) % 51 END AS o FROM generate_series(1, $1::int) n) x",
        rows,
        timeout=300,
    )
    for _, definition in indexes:
        await connection.execute(definition, timeout=300)


async def cost(connection: "Connection", sql: str, *values: Any) -> tuple[int, int]:
    """How many rows of tables and indexes a statement looked at, and how many pages it read or wrote."""
    undone = connection.transaction()
    await undone.start()
    try:
        found = await connection.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", *values
        )
    finally:
        await undone.rollback()
    top = json.loads(found)[0]["Plan"]
    scans = [node for node in nodes(top) if "Relation Name" in node and "Scan" in node["Node Type"]]
    lost = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows = sum(
        (node["Actual Rows"] + sum(node.get(name, 0) for name in lost)) * node["Actual Loops"]
        for node in scans
    )
    return rows, top["Shared Hit Blocks"] + top["Shared Read Blocks"]


BUSY = [STUCK], [8]
FREE = list(range(1, 17)), [8] * 16
"""Sixteen origins with eight places each."""


async def claim_costs(url: str, rows: int) -> dict[str, tuple[int, int]]:
    """What the two statements of a claim cost, and what they cost while seven others are at the same origin."""
    async with AsyncExitStack() as opened:
        connection, *others = [await asyncpg.connect(url) for _ in range(8)]
        for one in (connection, *others):
            opened.push_async_callback(one.close)
        await fill(connection, rows)
        stuck = [26], [8], NOW, 8
        found = {
            "origins": await cost(connection, claims.ORIGINS, 20, NOW, 128, 8, *BUSY),
            "take": await cost(connection, claims.TAKE, *FREE, NOW, 128, "w", LEASE),
            "take from the stuck one": await cost(connection, claims.TAKE, *stuck, "w", LEASE),
        }
        for n, one in enumerate(others):
            await one.execute("BEGIN")
            assert len(await one.fetch(claims.TAKE, *stuck, f"w{n}", LEASE)) == 8
        found["take beside others"] = await cost(connection, claims.TAKE, *stuck, "w", LEASE)
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_claim_reads_no_more_of_a_million_than_of_a_few(tmp_path: Path) -> None:
    few = await claim_costs(database_url(tmp_path / "few", "postgres"), 20_000)
    many = await claim_costs(database_url(tmp_path / "many", "postgres"), 1_000_000)
    assert {name: rows for name, (rows, _) in many.items()} == {name: rows for name, (rows, _) in few.items()}
    for name, (rows, pages) in many.items():
        assert pages <= few[name][1] * 1.5, name  # the indexes are a level or two higher
        assert rows <= {"origins": 2 * ORIGINS + 5, "take": 3 * 128}.get(name, 3 * 8 + 2 * 7 * 8), name


async def test_two_urls_of_one_md5_stop_no_message(store: Store, connection: "Connection") -> None:
    # All URLs that are as long have one md5 now.
    await connection.execute("DROP INDEX targets_url")
    await connection.execute("CREATE UNIQUE INDEX targets_url ON targets (integration, length(url))")
    targets = [Target("i", f"http://a/{n}", "http://a:80") for n in (1, 2)] + [
        Target("j", "http://b/", "http://b:80")
    ]
    happened = PutEvent("e", "sendMessage", None, None, "u", 0, "{}", 0)
    await store.commit(Changes(steps=[happened, PutDeliveries("e", targets, 0, 99)]))
    found = [await store.delivery(f"e.{n}") for n in range(3)]
    assert [one and one.url for one in found] == ["http://a/1", None, "http://b/"]
    assert [(await store.queue(id)).open for id in ("i", "j")] == [1, 1]
