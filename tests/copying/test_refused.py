"""What is not copied, and what is said of it: ends that do not fit, rows that can not be stored."""

import asyncio
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from strongback.storage.sqlite.owner import own
from strongback.storage.steps import PutDeliveries, PutEvent, Target
from tests.copying.copies import command, copy, exists, fill, of, put, refused, report
from tests.stores import FILE, database_url, execute, raw_rows

pytestmark = pytest.mark.sqlite

POSTGRES = "postgresql://ann:secret@127.0.0.1:9/store"


# Ends that do not fit


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("sqlite:///a.db", "sqlite:///b.db"),
        (POSTGRES, "sqlite:///b.db"),
        (POSTGRES, POSTGRES),
    ],
)
def test_only_sqlite_to_postgresql(source: str, target: str) -> None:
    assert refused(source, target) == (
        "strongback: a copy goes from a SQLite database to a PostgreSQL one:"
        " --from sqlite:///data/strongback.db --to postgresql://user:password@host/name"
    )


def test_a_url_that_is_none() -> None:
    assert (
        refused("data/strongback.db", POSTGRES)
        == "strongback: --from must look like sqlite:///data/strongback.db"
    )
    assert (
        refused("sqlite:///x.db", "store")
        == "strongback: --to must look like postgresql://user:password@host/name"
    )


@pytest.mark.parametrize("missing", ["--from", "--to"])
def test_both_ends_are_to_be_named(missing: str) -> None:
    words = command("sqlite:///x.db", POSTGRES)
    at = words.index(missing)
    done = subprocess.run([*words[:at], *words[at + 2 :]], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"Missing option '{missing}'" in done.stderr


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none" / "x.db"
    assert refused(f"sqlite:///{path}", POSTGRES) == f"strongback: there is no database {path}"
    assert not path.parent.exists()


def test_a_source_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"no database " * 100)
    assert refused(f"sqlite:///{path}", POSTGRES) == (
        f"strongback: {path} can not be opened as a database: file is not a database"
    )


def test_a_source_of_an_older_version(tmp_path: Path) -> None:
    source = fill(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA user_version = 3")
    assert "has version 3; start `strongback serve` on it once" in refused(source, POSTGRES)


def test_a_source_in_use(tmp_path: Path) -> None:
    source = fill(tmp_path)
    with own(tmp_path / FILE):
        line = refused(source, POSTGRES)
    assert line.startswith(f"strongback: {tmp_path / FILE} is in use by another Strongback process (")


def test_a_target_that_can_not_be_reached_is_named_without_the_password(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}/store"
        line = refused(fill(tmp_path), f"postgresql://ann:secret@{place}")
    assert line.startswith(f"strongback: {place} can not be opened as a database: ")
    assert "secret" not in line


def test_a_target_that_is_not_empty(tmp_path: Path) -> None:
    source, target = fill(tmp_path), database_url(tmp_path, "postgres")
    execute(tmp_path, "INSERT INTO trash VALUES ('m', 'r', 1)", store="postgres")
    place = target.partition("@")[2]
    assert (
        refused(source, target) == f"strongback: {place} is not empty, it has trash: name an empty database"
    )
    assert not exists(tmp_path, "copying")


def test_a_copy_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    source, target = fill(tmp_path), database_url(tmp_path, "postgres")
    assert report(source, target)["rows"] == 1
    assert "is not empty, it has rooms" in refused(source, target)


def test_a_target_on_which_somebody_commits(tmp_path: Path) -> None:
    source, target = fill(tmp_path), database_url(tmp_path, "postgres")

    async def meanwhile() -> str:
        connection = await asyncpg.connect(target)
        try:
            await connection.execute("SELECT pg_advisory_lock_shared(7236105401)")
            return await asyncio.to_thread(refused, source, target)
        finally:
            await connection.close()

    assert "is in use: stop what serves it" in asyncio.run(meanwhile())


# Rows that can not be stored

NUL = "PostgreSQL can not store the character NUL"


def test_rows_that_can_not_be_stored_are_left_out_and_named(tmp_path: Path) -> None:
    long = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(1_000))
    source = fill(
        tmp_path,
        put("rooms", "r2", name="a\0b", t="p", topic="\0 in a document is no harm"),
        put("rooms", "r3", name=long, t="p"),
        put("rooms", "r4", name="fine", t="p", topic="\0"),
        *(put("messages", f"m{n:04}", rid="r1", msg="x") for n in range(50)),
        put("messages", "m\0", rid="r1", msg="x", mentions=[{"_id": "u1"}]),
        put("messages", "m9", rid="r1", msg="the\0word"),
    )
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        torn = '{"_id":"m0007","rid":"r1","msg":"\\ud800"}'  # half a character
        connection.execute("UPDATE messages SET text = ? WHERE id = 'm0007'", (torn,))
        connection.execute("UPDATE messages SET created = 'never' WHERE id = 'm0008'")
    done = report(source, database_url(tmp_path, "postgres"), code=1)
    first, second = of(done, "rooms")["refused"]
    assert first == {"key": "r2", "reason": f"name: {NUL}"}
    assert second["key"] == "r3"
    assert second["reason"].startswith("index row size 30")
    assert second["reason"].endswith('exceeds btree version 4 maximum 2704 for index "rooms_name"')
    assert [one["key"] for one in of(done, "messages")["refused"]] == ["m\0", "m0007", "m0008"]
    reasons = [one["reason"] for one in of(done, "messages")["refused"]]
    assert reasons[0] == f"id: {NUL}"
    assert reasons[1].startswith("the document can not be read: ")
    assert reasons[2] == 'invalid input syntax for type bigint: "never"'
    assert of(done, "mentions")["refused"] == [{"key": "u1, r1, 0, m\0", "reason": f"message: {NUL}"}]
    assert (done["equal"], done["refused"]) == (True, 6)
    rooms = of(done, "rooms")
    assert (rooms["source"]["rows"], rooms["target"]["rows"], rooms["equal"]) == (4, 2, True)
    assert sorted(row["id"] for row in raw_rows(tmp_path, "rooms", "postgres")) == ["r1", "r4"]
    kept = {f"m{n:04}" for n in range(50)} - {"m0007", "m0008"} | {"m9"}
    assert {row["id"] for row in raw_rows(tmp_path, "messages", "postgres")} == kept


def test_they_are_printed(tmp_path: Path) -> None:
    rooms = [put("rooms", f"r{n}", name=f"a\0{n}", t="p") for n in range(10, 35)]
    done = copy(fill(tmp_path, *rooms), database_url(tmp_path, "postgres"))
    assert done.returncode == 1
    told = [line for line in done.stdout.splitlines() if "refused" in line]
    assert told[1:] == [f"refused rooms r{n}: name: {NUL}" for n in range(10, 30)]
    assert "and 5 more: --json prints them all" in done.stdout


def test_a_database_of_which_little_can_be_stored_is_not_copied(tmp_path: Path) -> None:
    source = fill(tmp_path, *(put("messages", f"m\0{n}", rid="r1", msg="x") for n in range(1_001)))
    done = copy(source, database_url(tmp_path, "postgres"))
    assert done.returncode == 1
    assert "more than 1,000 rows of messages can not be stored, as m" in done.stderr
    assert exists(tmp_path, "copying")


def test_deliveries_that_would_have_one_id(tmp_path: Path) -> None:
    event = PutEvent("e1", "sendMessage", "r1", "m1", "u1", 0, "{}", 5)
    source = fill(tmp_path, event, PutDeliveries("e1", (Target("i1", "http://a/", "http://a", None),), 5, 9))
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute(
            "INSERT INTO outbox (event, number, replay, target, origin, state, attempts, next_at, created, updated)"
            " VALUES (1, 0, 0, 1, 1, 'pending', 0, 5, 5, 5)"
        )
    done = report(source, database_url(tmp_path, "postgres"), code=1)
    assert of(done, "outbox")["refused"] == [
        {
            "key": "2",
            "reason": 'duplicate key value violates unique constraint "outbox_event_number_replay_key"',
        }
    ]
    assert of(done, "outbox")["equal"]
