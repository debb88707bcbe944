"""Connections for single reads: as many as allowed, given on, and never a dead one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from strongback.storage.postgres.connection import open_pool
from strongback.storage.postgres.readers import Readers
from tests.stores import database_url

pytestmark = pytest.mark.anyio

MINE = "SELECT pg_backend_pid() AS pid"
OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
async def readers(tmp_path: Path) -> AsyncIterator[Readers]:
    """Two readers on a pool of three."""
    pool = await open_pool(database_url(tmp_path, "postgres"), 3)
    made = Readers(pool, 2)
    try:
        yield made
    finally:
        await made.close()
        async with asyncio.timeout(10):
            await pool.close()


async def pid(readers: Readers) -> int:
    """The connection that reads now."""
    (row,) = await readers.fetch(MINE, ())
    found: int = row["pid"]
    return found


async def test_reads_one_after_the_other_use_one_connection(readers: Readers) -> None:
    assert len({await pid(readers) for _ in range(5)}) == 1


async def test_many_reads_at_once_use_as_many_as_there_are(readers: Readers) -> None:
    slow = "SELECT pg_backend_pid() AS pid, pg_sleep(0.05)"
    found = await asyncio.gather(*(readers.fetch(slow, ()) for _ in range(12)))
    assert len({row["pid"] for (row,) in found}) == 2


async def test_a_statement_that_fails_leaves_its_connection_of_use(readers: Readers) -> None:
    before = await pid(readers)
    with pytest.raises(asyncpg.UndefinedTableError):
        await readers.fetch("SELECT * FROM nothing", ())
    assert await pid(readers) == before


async def test_connections_that_were_ended_are_not_used_again(readers: Readers) -> None:
    await asyncio.gather(*(readers.fetch("SELECT pg_sleep(0.05)", ()) for _ in range(2)))
    (ended,) = await readers.fetch(f"SELECT pg_terminate_backend(pid) FROM ({OTHERS}) o", ())
    assert ended[0] is True
    async with asyncio.timeout(20):
        # The server has told the connection that it ends, and ends it a moment later.
        while not all(isinstance(found, list) for found in await four_reads(readers)):
            pass
    assert len(await readers.fetch(OTHERS, ())) == 1


async def four_reads(readers: Readers) -> list[list[asyncpg.Record] | BaseException]:
    reads = (readers.fetch("SELECT pg_sleep(0.05)", ()) for _ in range(4))
    return await asyncio.gather(*reads, return_exceptions=True)


async def test_who_waits_too_long_is_refused_and_the_others_read(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strongback.storage.postgres.readers.CONNECT_SECONDS", 0.2)
    long = [asyncio.create_task(readers.fetch("SELECT pg_sleep(1)", ())) for _ in range(2)]
    await asyncio.sleep(0)
    given_up = asyncio.create_task(pid(readers))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(TimeoutError):
        await pid(readers)
    assert not any(task.done() for task in long)
    await asyncio.gather(*long)
    assert len({await pid(readers) for _ in range(3)}) == 1
    await four_reads(readers)


async def test_a_read_that_is_cut_off_cuts_off_no_other(readers: Readers) -> None:
    for _ in range(20):
        long = asyncio.create_task(readers.fetch("SELECT pg_sleep(30)", ()))
        waiting = [asyncio.create_task(pid(readers)) for _ in range(6)]
        await asyncio.sleep(0)
        long.cancel()
        assert all(isinstance(found, int) for found in await asyncio.gather(*waiting))
        with pytest.raises(asyncio.CancelledError):
            await long
