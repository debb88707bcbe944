"""A copy is killed in the middle of a batch: what is written stays, the target stays closed, and it goes on."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.steps import Put
from tests.copying.copies import command, copy, exists, of, refused, report
from tests.stores import database_url, execute, open_store, raw_rows
from tests.wire.server import environment

pytestmark = pytest.mark.sqlite

MESSAGES = 9_000
PATIENCE = 60.0
LOOK_AGAIN = 0.005
BEHIND = "SELECT rows FROM copying WHERE name = 'messages'"


async def add(folder: Path, *documents: Put) -> None:
    """Write documents to the source."""
    store = await open_store(folder, "sqlite")
    await store.commit(Changes(steps=list(documents)))
    await store.close()


def message(number: int) -> Put:
    id = f"m{number:05}"
    return Put("messages", Document(id, {"_id": id, "rid": "r1", "msg": f"number {number}"}))


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A database with a room and messages for some batches."""
    room = Put("rooms", Document("r1", {"_id": "r1", "t": "p", "name": "ops"}))
    asyncio.run(add(tmp_path, room, *map(message, range(MESSAGES))))
    return database_url(tmp_path, "sqlite")


@contextmanager
def held(process: "subprocess.Popen[bytes]", target: str, folder: Path) -> Iterator[int]:
    """Let a copy come to the end of a batch of messages that is not the first, and no further; the rows before it."""

    async def hold() -> "tuple[asyncpg.Connection[asyncpg.Record], int]":
        connection = await asyncpg.connect(target)
        deadline = time.monotonic() + PATIENCE
        while not exists(folder, "copying") or not await connection.fetchval(BEHIND):
            assert process.poll() is None
            assert time.monotonic() < deadline
            await asyncio.sleep(LOOK_AGAIN)
        await connection.execute("BEGIN")
        return connection, await connection.fetchval(f"{BEHIND} FOR UPDATE")

    with asyncio.Runner() as runner:
        connection, behind = runner.run(hold())
        try:
            waiting = "SELECT count(*) AS many FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            deadline = time.monotonic() + PATIENCE
            while execute(folder, waiting, store="postgres") != [{"many": 1}]:
                assert time.monotonic() < deadline
                time.sleep(LOOK_AGAIN)
            yield behind
        finally:
            runner.run(connection.close())


def interrupt(source: str, target: str, folder: Path) -> int:
    """Begin a copy and kill it; how many messages it has written."""
    process = subprocess.Popen(command(source, target), env=environment(), stdout=subprocess.DEVNULL)
    try:
        with held(process, target, folder) as behind:
            process.send_signal(signal.SIGKILL)
            process.wait()
    finally:
        process.kill()
        process.wait()
    return behind


def test_a_copy_that_was_killed_goes_on(source: str, tmp_path: Path) -> None:
    target = database_url(tmp_path, "postgres")
    behind = interrupt(source, target, tmp_path)
    assert 0 < behind < MESSAGES
    assert len(raw_rows(tmp_path, "messages", "postgres")) == behind
    off = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'O'"
    assert execute(tmp_path, off, store="postgres") == []

    serve = [sys.executable, "-m", "strongback.cli.main", "serve", "--port", "0", "--database", target]
    done = subprocess.run(serve, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    place = target.partition("@")[2]
    assert (done.returncode, done.stderr) == (
        2,
        f"strongback: {place} holds a copy that is not finished: run the same `strongback copy` again,"
        " or name another database\n",
    )

    again = copy(source, target)
    assert again.returncode == 0, again
    all_rows = MESSAGES + 1
    assert (
        again.stderr
        == f"going on with a copy that was begun: {behind + 1:,} of {all_rows:,} rows are behind it\n"
    )
    found = {row["id"] for row in raw_rows(tmp_path, "messages", "postgres")}
    assert found == {f"m{number:05}" for number in range(MESSAGES)}
    (room,) = raw_rows(tmp_path, "rooms", "postgres")
    assert (room["messages"], room["members"]) == (MESSAGES, 0)
    assert not exists(tmp_path, "copying")
    asyncio.run(read_alike(tmp_path))


async def read_alike(folder: Path) -> None:
    for store in ("sqlite", "postgres"):
        opened = await open_store(folder, store)
        assert (await opened.counts())["messages"] == MESSAGES
        await opened.close()


def test_a_copy_goes_on_only_from_what_it_began_with(source: str, tmp_path: Path) -> None:
    target = database_url(tmp_path, "postgres")
    interrupt(source, target, tmp_path)
    asyncio.run(add(tmp_path, message(MESSAGES)))
    path, place = source.removeprefix("sqlite:///"), target.partition("@")[2]
    assert refused(source, target) == (
        f"strongback: {place} holds an unfinished copy of {path} at revision 1, and this is {path} at revision 2:"
        " name an empty database"
    )


def test_the_report_of_a_copy_that_went_on_has_all_rows(source: str, tmp_path: Path) -> None:
    target = database_url(tmp_path, "postgres")
    behind = interrupt(source, target, tmp_path)
    done = report(source, target)
    assert (done["rowsBefore"], done["rows"], done["equal"]) == (behind + 1, MESSAGES + 1, True)
    assert of(done, "messages")["target"]["rows"] == MESSAGES
