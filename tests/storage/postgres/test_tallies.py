"""Nodes add up their counts in PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from strongback.http.rate_sync import exchange
from strongback.storage.postgres import tallies
from strongback.storage.postgres.tallies import LONGEST_MS, remove_ended, share
from strongback.storage.tallies import Tally
from tests.http.nodes import Node, Table
from tests.stores import database_url

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database_url(tmp_path, "postgres")


@pytest.fixture
async def connection(url: str) -> "AsyncIterator[Connection]":
    opened = await asyncpg.connect(url)
    yield opened
    await opened.close()


async def rows(connection: "Connection") -> list[tuple[str, int, int]]:
    return [
        tuple(row) for row in await connection.fetch("SELECT key, reset, calls FROM tallies ORDER BY key")
    ]


async def test_counts_are_added_in_the_window_that_was_opened_first(connection: "Connection") -> None:
    first = [Tally("b", 61_000, 2), Tally("a", 62_000, 1)]
    assert sorted(await share(connection, 1_000, first)) == [("a", 62_000, 1), ("b", 61_000, 2)]
    assert await share(connection, 1_500, [Tally("b", 61_500, 3)]) == [("b", 61_000, 5)]
    assert await rows(connection) == [("a", 62_000, 1), ("b", 61_000, 5)]


async def test_calls_after_the_end_of_a_window_open_the_next(connection: "Connection") -> None:
    await share(connection, 1_000, [Tally("a", 61_000, 9)])
    assert await share(connection, 60_999, [Tally("a", 120_000, 1)]) == [("a", 61_000, 10)]
    assert await share(connection, 61_000, [Tally("a", 121_000, 2)]) == [("a", 121_000, 2)]


async def test_nothing_and_much(connection: "Connection") -> None:
    assert await share(connection, 0, []) == []
    many = [Tally(f"{number:064}", 10, number) for number in range(5_000)]
    assert sorted(await share(connection, 0, many)) == many


async def test_what_a_crash_may_lose_writes_no_log(connection: "Connection") -> None:
    kind = "SELECT relpersistence FROM pg_class WHERE relname = 'tallies'"
    assert await connection.fetchval(kind) == b"u"


async def test_ended_windows_are_removed_a_little_at_a_time(
    connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "REMOVED_AT_ONCE", 2)
    now = 100_000
    ends = {
        "old": 1,
        "older": 0,
        "just": now,
        "open": now + 1,
        "day": now + LONGEST_MS,
        "wrong": now + LONGEST_MS + 1,
    }
    await share(connection, 0, [Tally(key, reset, 1) for key, reset in ends.items()])
    assert [await remove_ended(connection, now) for _ in range(3)] == [2, 2, 0]
    assert [key for key, *_ in await rows(connection)] == ["day", "open"]


async def test_a_removal_does_not_wait_for_a_node_that_counts(connection: "Connection", url: str) -> None:
    await share(connection, 0, [Tally("a", 10, 1), Tally("b", 10, 1)])
    other = await asyncpg.connect(url)
    async with other.transaction():
        await share(other, 10, [Tally("a", 20, 1)])
        assert await asyncio.wait_for(remove_ended(connection, 10), 10) == 1
    await other.close()
    assert await rows(connection) == [("a", 20, 1)]


async def test_many_nodes_at_once_lose_nothing_and_do_not_block_each_other(url: str) -> None:
    keys = [f"key-{number}" for number in range(200)]
    order = random.Random(7)

    async def node(connection: "Connection") -> None:
        for _ in range(25):
            order.shuffle(keys)
            await share(connection, 1_000, [Tally(key, 61_000, 1) for key in keys[:150]])
            await share(connection, 1_000, [Tally(f"ended-{key}", 1_000, 1) for key in keys[150:]])
            await remove_ended(connection, 1_000)

    async with AsyncExitStack() as stack:
        connections = [await asyncpg.connect(url) for _ in range(6)]
        for one in connections:
            stack.push_async_callback(one.close)
        await asyncio.gather(*map(node, connections))
        await remove_ended(connections[0], 1_000)
        found = await rows(connections[0])
    assert {key for key, *_ in found} == set(keys)
    assert sum(calls for *_, calls in found) == 6 * 25 * 150


async def test_it_counts_as_the_table_in_memory_of_other_tests(connection: "Connection") -> None:
    chance, memory, now = random.Random(11), Table(), 0
    for _ in range(300):
        now += chance.choice((0, 1, 50, 100))
        counted = [
            Tally(key, now + chance.randint(1, 200), chance.randint(1, 3))
            for key in chance.sample("abcdef", chance.randint(1, 4))
        ]
        assert sorted(await share(connection, now, counted)) == sorted(await memory.share(now, counted))


async def test_two_nodes_on_one_database(connection: "Connection") -> None:
    ann, bob = Node(Table(), calls=5), Node(Table(), calls=5, now=1_700)
    assert [ann.let_through(3), bob.let_through(1)] == [3, 1]
    for node in (ann, bob):
        assert await exchange({"api": node.limiter}, partial(share, connection), lambda: 1_700)
    assert [(window.remaining, window.reset) for window in (bob.hit(), ann.hit())] == [
        (0, 61_000),
        (1, 61_000),
    ]
    assert bob.hit().exceeded
