"""Commits that wait for others, and such as are cut off: a client that goes away leaves nothing half done."""

import asyncio
import random
from pathlib import Path

import pytest

from strongback.errors import Unavailable
from strongback.storage.changes import Changes
from strongback.storage.guards import Present
from strongback.storage.postgres.guards import COMMITS
from strongback.storage.postgres.store import PostgresStore, open_store
from tests.storage.postgres.commits import WAITING, beside, message, outcomes, told, value, waiting
from tests.storage_contract.conftest import room, user, write
from tests.stores import database_url, execute

pytestmark = pytest.mark.anyio

CUT_OFF_SECONDS = 4.0
"""Long before a lock that is waited for again is given up."""


async def test_a_guard_is_looked_at_when_the_commit_s_turn_has_come(tmp_path: Path) -> None:
    strict = f"{database_url(tmp_path, 'postgres')}?default_transaction_isolation=repeatable%20read"
    store = await open_store(strict, connections=5)
    await write(store, room("r1", None))
    guard = Present("rooms", "r1")
    async with beside(tmp_path, f"SELECT pg_advisory_xact_lock({COMMITS})", "DELETE FROM rooms"):
        late = [
            asyncio.create_task(store.commit(Changes([guard], [step])))
            for step in (message("m1", "r1"), user("u1", "ann"))
        ]
        await waiting(tmp_path, 2)
    assert await outcomes(*late) == ["Present", "Present"]
    await store.close()


async def test_reads_go_on_while_commits_wait(nodes: tuple[PostgresStore, ...], tmp_path: Path) -> None:
    await write(nodes[0], room("r0", None))
    async with beside(tmp_path, f"SELECT pg_advisory_xact_lock_shared({COMMITS})"):
        alone = asyncio.create_task(write(nodes[0], user("u1", "ann")))
        await waiting(tmp_path, 1)
        posts = [asyncio.create_task(write(nodes[n % 2], message(f"m{n}", "r0"))) for n in range(60)]
        await waiting(tmp_path, 32)  # every connection that commits
        for store in nodes:
            assert (await store.counts())["messages"] == 0
        assert not any(task.done() for task in (alone, *posts))
    assert set(await outcomes(alone, *posts)) == {"done"}
    assert value(tmp_path, "SELECT messages FROM rooms") == 60


async def test_a_read_that_took_too_long_is_not_done_again(tmp_path: Path) -> None:
    store = await open_store(database_url(tmp_path, "postgres"), connections=5)
    async with beside(tmp_path, "LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE"):
        reading = asyncio.create_task(store.authenticate("u1", "h1"))
        await waiting(tmp_path, 1)
        # As the database does when its time is up.
        execute(tmp_path, f"SELECT pg_cancel_backend(pid) {WAITING}", store="postgres")
        with pytest.raises(Unavailable, match="busy with another change"):
            await asyncio.wait_for(reading, CUT_OFF_SECONDS)
    assert await store.authenticate("u1", "h1") is None
    await store.close()


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_commit_that_is_cut_off_is_there_whole_or_not_at_all(tmp_path: Path, times: int) -> None:
    store = await open_store(database_url(tmp_path, "postgres"), connections=2)  # of which one commits
    await write(store, room("r0", None))
    chance = random.Random(times)
    for turn in range(100):
        posting = asyncio.create_task(write(store, message(f"m{turn}", "r0"), *told(f"e{turn}", ["i0"])))
        for _ in range(times):
            for _ in range(chance.randrange(200 // times)):
                await asyncio.sleep(0)
            posting.cancel()
        await asyncio.wait([posting])
        await write(store, message(f"after-{turn}", "r0"))
    await store.close()
    posted = value(tmp_path, "SELECT count(*) FROM messages WHERE id LIKE 'm%'")
    assert value(tmp_path, "SELECT count(*) FROM events") == posted
    assert (
        value(
            tmp_path, "SELECT count(*) FROM deliveries d JOIN messages m ON m.id = 'm' || substr(d.event, 2)"
        )
        == posted
    )
    assert value(tmp_path, "SELECT messages FROM rooms") == 100 + posted


async def test_who_is_cut_off_while_waiting_leaves_nothing_locked(tmp_path: Path) -> None:
    store = await open_store(database_url(tmp_path, "postgres"), connections=2)
    await write(store, room("r0", None))
    async with beside(tmp_path, "UPDATE rooms SET members = members"):
        posting = asyncio.create_task(write(store, message("m1", "r0")))
        await waiting(tmp_path, 1)
        posting.cancel()
        await asyncio.wait([posting])
        assert posting.cancelled()
        await write(store, user("u1", "ann"))  # alone, so the other has let go
    await write(store, message("m2", "r0"))
    assert [row["id"] for row in execute(tmp_path, "SELECT id FROM messages", store="postgres")] == ["m2"]
    await store.close()
