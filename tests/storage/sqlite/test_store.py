"""The file: durable, owned by one process, refused when newer, honest when full or locked."""

import asyncio
import json
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from strongback.errors import Unavailable
from strongback.storage.changes import Changes
from strongback.storage.sqlite.connection import connect
from strongback.storage.sqlite.schema import VERSIONS
from strongback.storage.sqlite.store import open_store

from ...storage_contract.conftest import room, write

pytestmark = pytest.mark.anyio

COMMITTER = """
import asyncio, sys
from pathlib import Path
from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.steps import Put
from strongback.storage.sqlite.store import open_store

async def one(store, lane):
    n = 0
    while True:
        id = f"{lane}-{n}"
        pair = [Put(kind, Document(id, {"_id": id, "t": "p", "username": id})) for kind in ("rooms", "users")]
        await store.commit(Changes([], pair))
        print(id, flush=True)
        n += 1

async def main():
    store = await open_store(Path(sys.argv[1]))
    await asyncio.gather(*(one(store, lane) for lane in range(8)))

asyncio.run(main())
"""


async def test_the_writer_syncs_at_every_commit(tmp_path: Path) -> None:
    connection = connect(tmp_path / "store.db", 50)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store = await open_store(tmp_path / "store.db")
    assert store.writer_pragma("synchronous") == 2
    await store.close()


async def test_many_writes_share_a_commit(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "store.db")
    await asyncio.gather(*(write(store, room(f"r{n}", f"room{n}")) for n in range(500)))
    assert store.commits < 100
    await store.close()


@pytest.mark.parametrize("round", range(5))
def test_kill_9_loses_nothing_that_was_answered_and_halves_nothing(tmp_path: Path, round: int) -> None:
    path = tmp_path / "store.db"
    child = subprocess.Popen([sys.executable, "-c", COMMITTER, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    answered = [child.stdout.readline().strip() for _ in range(random.Random(round).randint(20, 400))]
    child.send_signal(signal.SIGKILL)
    answered += child.stdout.read().split("\n")[:-1]
    child.wait()
    child.stdout.close()
    connection = sqlite3.connect(path)
    rooms = {id for (id,) in connection.execute("SELECT id FROM rooms")}
    users = {id for (id,) in connection.execute("SELECT id FROM users")}
    connection.close()
    assert set(answered) <= rooms
    assert rooms == users
    assert len(answered) >= 20


async def test_a_second_process_is_refused_with_a_sentence(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "store.db")
    code = "import asyncio, sys; from pathlib import Path; from strongback.storage.sqlite.store import open_store\n"
    code += "asyncio.run(open_store(Path(sys.argv[1])))"
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code, str(tmp_path / "store.db")],
        capture_output=True,
        text=True,
    )
    assert second.returncode != 0
    assert "is in use by another Strongback process" in second.stderr
    reader = await open_store(tmp_path / "store.db", writing=False)
    assert (await reader.counts())["rooms"] == 0
    with pytest.raises(Unavailable, match="reading only"):
        await reader.commit(Changes())
    await reader.close()
    await store.close()


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await (await open_store(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(Unavailable, match="version 999"):
        await open_store(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(VERSIONS)}")
    connection.close()
    await (await open_store(path)).close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(Unavailable, match="can not be opened as a database"):
        await open_store(path)
    with pytest.raises(Unavailable, match="there is no database"):
        await open_store(tmp_path / "nothing.db", writing=False)


async def test_a_full_database_writes_nothing_and_recovers(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "store.db")
    await write(store, room("r1", "alpha"))
    pages = store.writer_pragma("page_count")
    store.writer_pragma(f"max_page_count = {pages + 2}")
    with pytest.raises(Unavailable, match="full"):
        await write(store, *(room(f"x{n}", f"x{n}", topic="x" * 5_000) for n in range(20)))
    assert (await store.counts())["rooms"] == 1
    store.writer_pragma("max_page_count = 100000")
    await write(store, room("r2", "beta"))
    assert (await store.counts())["rooms"] == 2
    await store.close()


async def test_a_locked_database_is_unavailable_and_recovers(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "store.db")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        await write(store, room("r1", "alpha"))
    other.execute("ROLLBACK")
    other.close()
    await write(store, room("r1", "alpha"))
    await store.close()


async def test_backup_beside_a_writing_store(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "store.db")
    await write(store, room("r1", "alpha"))
    await asyncio.gather(
        store.backup(tmp_path / "copy.db"), *(write(store, room(f"x{n}", f"x{n}")) for n in range(50))
    )
    with pytest.raises(Unavailable, match="can not be made"):
        await store.backup(tmp_path / "copy.db")
    await store.close()
    copy = await open_store(tmp_path / "copy.db", writing=False)
    assert await copy.get("rooms", "r1") is not None
    assert await copy.check() == []
    await copy.close()


async def test_check_names_what_is_damaged(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "store.db")
    await write(store, room("r1", "alpha"), room("r2", "beta"))
    await store.close()
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("UPDATE rooms SET text = '{broken' WHERE id = 'r1'")
    connection.execute(
        "UPDATE rooms SET text = ?, members = 3 WHERE id = 'r2'", (json.dumps({"_id": "other"}),)
    )
    connection.commit()
    connection.close()
    store = await open_store(tmp_path / "store.db")
    problems = await store.check()
    await store.close()
    assert [problem.split(":")[0] for problem in problems] == ["rooms r1", "rooms r2", "room r2"]
