"""A database is opened or refused with a sentence, and nothing stays open after a refusal."""

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import msgspec
import pytest
from structlog.testing import capture_logs

from strongback.documents.document import Document
from strongback.errors import Unavailable
from strongback.storage.changes import Changes
from strongback.storage.contract import AHEAD, RoomKey
from strongback.storage.postgres import opening
from strongback.storage.postgres.connection import SERVER_SETTINGS
from strongback.storage.postgres.connections import SLICE
from strongback.storage.postgres.opening import check_version, named
from strongback.storage.postgres.store import open_store
from strongback.storage.selections import Everything
from strongback.storage.steps import Link, Put, PutToken
from tests.postgres import in_thread
from tests.storage_contract.conftest import integration, login_token, room, subscription, user, write
from tests.stores import database_url, execute

pytestmark = pytest.mark.anyio

PATIENCE = 20.0
LOOK_AGAIN = 0.02


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database that has the tables."""
    return database_url(tmp_path, "postgres")


def other(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{name}"


def beside(url: str, sql: str, *values: Any) -> Any:
    """Run a statement on another database of the same server; the first value of what it answers."""

    async def run() -> Any:
        connection = await asyncpg.connect(other(url, "postgres"))
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    return in_thread(run())


def connections(url: str) -> int:
    """How many connections to a database there are."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
    return int(beside(url, asked, url.rpartition("/")[2]))


def idle(url: str) -> float:
    """For how many seconds a transaction has waited for its client."""
    asked = (
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)::float8 AS seconds"
        " FROM pg_stat_activity WHERE datname = $1 AND state = 'idle in transaction'"
    )
    return float(beside(url, asked, url.rpartition("/")[2]))


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(LOOK_AGAIN)


async def refused(url: str, *, writing: bool = True) -> str:
    """The sentence with which a database is refused; no connection to it stays open."""
    with pytest.raises(Unavailable) as refusal:
        await open_store(url, writing=writing)
    await until(lambda: connections(url) == 0)
    return str(refusal.value)


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}/store"
        with pytest.raises(Unavailable, match=f"^{place} can not be opened as a database: ") as refusal:
            await open_store(f"postgresql://ann:secret@{place}")
    assert "secret" not in str(refusal.value)


async def test_a_database_that_is_not_there_is_to_be_made(url: str) -> None:
    place = url.partition("@")[2]
    sentence = await refused(f"{url}-not")
    assert (
        sentence
        == f'{place}-not: database "{place.partition("/")[2]}-not" does not exist; make it first, with createdb'
    )


@pytest.mark.parametrize(
    "password", ["12/se?cret", "12#secret", "12?secret", "se/cret", "se#cret", "12/se@cret", "[secret"]
)
def test_a_password_that_breaks_the_url_is_not_shown(password: str) -> None:
    with pytest.raises(
        Unavailable, match=r"can not be read: write postgresql://user:password@host:port/name"
    ) as refusal:
        named(f"postgresql://ann:{password}@db.example.com/store")
    for part in ("cret", "12"):
        assert part not in str(refusal.value).replace("%", "")


def test_a_place_is_a_host_and_a_database() -> None:
    assert (
        named("postgresql://ann:se%2Fcret@db.example.com:5433/store?sslmode=require")
        == "db.example.com:5433/store"
    )
    assert named("postgres:///store") == "the local socket/store"
    assert named("postgresql://ann:a,b@db1:5433,db2:5434/store") == "db1:5433,db2:5434/store"
    assert named("postgresql://[::1]:5433/store") == "[::1]:5433/store"


@pytest.mark.parametrize("port", ["0", "99999", "x", "-1"])
async def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(Unavailable, match=r"^the URL of the database can not be read: "):
        await open_store(f"postgresql://ann@db1:5432,db2:{port}/store")


async def test_the_first_host_that_can_be_written_is_opened(url: str) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        gone = f"127.0.0.1:{taken.getsockname()[1]}"
        several = url.replace("@", f"@{gone},") + "?target_session_attrs=read-write"
        store = await open_store(several)
    await write(store, room("r1", "alpha"))
    assert (await store.counts())["rooms"] == 1
    await store.close()


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path, url: str) -> None:
    execute(tmp_path, "UPDATE version SET number = 99", store="postgres")
    assert "version 99" in await refused(url)
    assert "version 99" in await refused(url, writing=False)


async def test_an_empty_database_is_not_read(url: str) -> None:
    beside(url, "CREATE DATABASE empty TEMPLATE template0")
    empty = other(url, "empty")
    assert "start `strongback serve` on it once" in await refused(empty, writing=False)
    await (await open_store(empty)).close()
    beside(url, "DROP DATABASE empty WITH (FORCE)")


async def test_a_database_without_unicode_is_refused(url: str) -> None:
    beside(url, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    sentence = await refused(other(url, "latin"))
    assert "latin has the encoding LATIN1, and Strongback needs UTF8" in sentence
    beside(url, "DROP DATABASE latin WITH (FORCE)")


def test_an_old_server_is_refused() -> None:
    check_version(15, "db/store")
    with pytest.raises(Unavailable, match="db/store is PostgreSQL 14, and Strongback needs 15 or newer"):
        check_version(14, "db/store")


async def test_a_clock_that_differs_is_logged(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as logs:
        await (await open_store(url)).close()
    assert logs == []
    behind = SimpleNamespace(time=lambda: time.time() - 60)
    monkeypatch.setattr(opening, "time", behind)
    with capture_logs() as logs:
        await (await open_store(url)).close()
    assert [log["database"] for log in logs] == [url.partition("@")[2]]
    assert logs[0]["log_level"] == "warning"
    assert 55_000 < logs[0]["ahead_ms"] < 65_000


async def test_a_reader_reads_and_writes_nothing(url: str) -> None:
    store = await open_store(url)
    await write(store, room("r1", "alpha"))
    await store.close()
    await until(lambda: connections(url) == 0)
    reader = await open_store(url, writing=False)
    assert (await reader.counts())["rooms"] == 1
    with pytest.raises(Unavailable, match="reading only"):
        await reader.commit(Changes())
    assert connections(url) == 1
    await reader.close()
    await until(lambda: connections(url) == 0)


async def test_no_more_connections_are_made_than_allowed(url: str) -> None:
    store = await open_store(url, connections=5)
    reads = [store.counts() for _ in range(20)]
    await asyncio.gather(*reads, *(write(store, room(f"r{n}", None)) for n in range(20)))
    assert connections(url) <= 5 + 1
    await store.close()


async def test_nothing_stays_open_where_an_opening_is_cut_off(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(_: str) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("strongback.storage.postgres.store.listen", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await open_store(url)
    await until(lambda: connections(url) == 0)


async def test_a_slow_reader_of_slices_reads_on(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SERVER_SETTINGS, "idle_in_transaction_session_timeout", "100ms")
    store = await open_store(url)
    await write(store, *(room(f"r{n:03}", None) for n in range(2 * SLICE)))
    read = 0
    async for rows in store.scan(Everything("rooms"), "id"):
        read += len(rows)
        await until(lambda: idle(url) > 0.3)
    assert read == 2 * SLICE
    await store.close()


async def test_pg_dump_makes_the_backup(url: str, tmp_path: Path) -> None:
    store = await open_store(url, writing=False)
    with pytest.raises(Unavailable, match=r"pg_dump; see docs/operations\.md"):
        await store.backup(tmp_path / "copy")
    await store.close()


async def test_check_names_what_is_damaged(url: str, tmp_path: Path) -> None:
    store = await open_store(url)
    await write(store, room("r1", "alpha"), room("r2", "beta"), subscription("r3", "u1"))
    await write(store, integration("i1", Link("#gone", "room", "r3"), Link("#never", "room", None)))
    for sql in (
        "UPDATE rooms SET text = '{broken' WHERE id = 'r1'",
        "UPDATE rooms SET text = '{\"_id\":\"other\"}', members = 3 WHERE id = 'r2'",
    ):
        execute(tmp_path, sql, store="postgres")
    problems = await store.check()
    await store.close()
    assert problems[0].startswith("rooms r1: the document can not be read: ")
    assert problems[1:] == [
        "rooms r2: the document says that its _id is 'other'",
        "integration i1: #never names nothing that exists; update the integration to bind it",
        "integration i1: #gone is bound to room r3, which does not exist",
        "subscription r3-u1: its room r3 does not exist",
        "subscription r3-u1: its user u1 does not exist",
        "room r2: it counts 3 members, but has 0 subscriptions",
    ]


async def test_links_of_no_integration_hide_none(url: str, tmp_path: Path) -> None:
    store = await open_store(url)
    everywhere, room_link = "all_private_groups", Link("#alpha", "room", "r1")
    await write(store, user("u1", "ann"), PutToken(login_token("u1", "h1")), room("r1", "alpha"))
    await write(store, *(integration(f"i{n:02}", room_link, created=n) for n in range(AHEAD - 1)))
    # A copy leaves out an integration that can not be stored, and takes its links.
    execute(tmp_path, "INSERT INTO links VALUES ('a', 0, '#alpha', 'room', 'r1')", store="postgres")
    found = await store.authenticate("u1", "h1", RoomKey("id", "r1"), everywhere)
    assert found is not None
    assert found.reaching is not None
    assert [msgspec.json.decode(text)["_id"] for text in found.reaching] == [
        f"i{n:02}" for n in range(AHEAD - 1)
    ]
    await write(store, integration("y", room_link), integration("z", room_link))
    found = await store.authenticate("u1", "h1", RoomKey("id", "r1"), everywhere)
    assert found is not None
    assert found.reaching is None
    await store.close()


async def test_what_json_can_say_comes_back(url: str) -> None:
    store = await open_store(url)
    body = {"_id": "m1", "rid": "r1", "u": {"_id": "u1"}, "msg": "a\0b \\u0000 \U0001f600 'x' \"y\" $1 %s"}
    await write(store, Put("messages", Document("m1", body)))
    stored = await store.get("messages", "m1")
    assert stored is not None
    assert stored.decode().body == body
    assert [row.id for row in await store.search("r1", ["b", "u0000"], 0, 0)] == ["m1"]
    await store.close()
