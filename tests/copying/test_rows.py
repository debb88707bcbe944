"""Rows written by hand, one or more for every table, and what becomes of each."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from strongback.storage.postgres.lines import BOOLEANS
from strongback.storage.sqlite.schema import migrate
from strongback.storage.tables import TABLES
from tests.copying.copies import copy_here, exists, of, report
from tests.stores import FILE, database_url, execute, needing_postgres, raw_rows, run

pytestmark = pytest.mark.sqlite

ODD = "it's \\ a\ttab \u2028 \U0001f680 é"
USER = '{"_id":"u1","username":"ann","status":"away"}'
MESSAGE = '{"_id":"m1","rid":"r1","u":{"_id":"u1"},"msg":"Déjà vu, déjà","ts":"2024-01-01T00:00:00.000Z"}'
SYSTEM = '{"_id":"m2","rid":"r1","u":{"_id":"u1"},"msg":"ann","t":"uj"}'

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "settings": [("Site_Url", 1, '{"_id":"Site_Url","value":"http://x"}', "[]", None)],
    "permissions": [("view-logs", 2, '{"_id":"view-logs","roles":["admin"]}', "[]", None)],
    "roles": [("admin", 3, '{"_id":"admin"}', "[]", None)],
    "users": [
        ("u1", 4, USER, '[["createdAt"]]', '{"services":{}}', "ann", "ann", '["admin"]', 1, 17, "away"),
        ("u2", 5, '{"_id":"u2"}', "[]", None, "Bob", "bob", "[]", 0, -5, None),
    ],
    "user_roles": [("admin", "u1")],
    "emails": [("ann@example.com", "u1")],
    "tokens": [
        ("u1", "hash", None, 8, '{"hashedToken":"hash"}', "[]"),
        ("u1", "zash", ODD, 9, "{}", "[]"),
    ],
    "rooms": [
        (
            "r1",
            6,
            f'{{"_id":"r1","topic":"{ODD}"}}',
            "[]",
            None,
            "ops",
            "p",
            1,
            None,
            "t",
            "yes",
            None,
            3,
            7,
            9,
        )
    ],
    "subscriptions": [
        (
            "s1",
            7,
            '{"_id":"s1"}',
            "[]",
            None,
            "r1",
            "u1",
            '["owner"]',
            1,
            "p",
            2,
            3,
            4,
            5,
            6,
            7,
            "ann",
            "away",
            1,
        ),
        ("s2", 7, '{"_id":"s2"}', "[]", None, "r1", "u2", "[]", 1, "p", 0, 0, 0, 0, 0, 0, "Bob", "", 0),
    ],
    "room_roles": [("r1", "owner", "u1")],
    "departures": [("s3", "u2", "r1", 12)],
    "messages": [
        ("m1", 8, MESSAGE, '[["ts"]]', None, "r1", "u1", 1704067200000, 1, 1, 1, 5, 0, None, None),
        ("m2", 9, SYSTEM, "[]", None, "r1", "u1", 0, 0, 1, 1, 5, 1, "m1", 44),
        (
            "m3",
            9,
            '{"_id":"m3","rid":"r1","msg":"x","_hidden":true}',
            "[]",
            None,
            "r1",
            "",
            0,
            0,
            1,
            0,
            5,
            0,
            None,
            None,
        ),
    ],
    "mentions": [("all", "r1", 3, "m1"), ("u1", "r1", 3, "m1")],
    "stars": [("u1", "r1", 3, "m1")],
    "trash": [("m9", "r1", 13)],
    "integrations": [("i1", 10, '{"_id":"i1"}', "[]", None, "webhook-outgoing", "u1", None, 6)],
    "integrations_gone": [("i0", 11)],
    "links": [("i1", 0, "#ops", "room", "r1"), ("i1", 1, "#gone", "room", None)],
    "urls": [("http://B/", "i1"), ("http://a/", "i1"), ("http://a/", "i2"), ("http://é/", "i1")],
    "secrets": [("i1", b"\x01\x00\xff sealed \\x")],
    "history": [("h1", 12, '{"_id":"h1"}', "[]", None, "i1", 15, 10)],
    "copies": [("i1", 9, '{"_id":"i1"}'), ("i1", 10, '{"_id":"i1","n":2}')],
    "events": [
        (3, "e1", "sendMessage", "r1", "m1", "u1", 0, '{"text":"x"}', 16),
        (7, "e2", "x", None, None, "u1", 1, "{}", 17),
    ],
    "origins": [(2, "http://a")],
    "targets": [(4, "i1", "http://a/", 2)],
    "outbox": [
        (5, 3, 0, 0, 4, 2, "!go", "delivered", None, 1, 20, None, None, '{"url":"http://a/"}', 10, 18, 21),
        (6, 3, 1, 0, 4, 2, None, "pending", "HTTP 503", 2, 99, None, None, None, None, 18, 22),
        (9, 7, 0, 2, 4, 2, None, "sending", None, 1, 20, "worker-1", 40, None, None, 18, 20),
    ],
    "queues": [("i1", 2, 3, 19)],
    "keys": [("i1", ODD, "digest", 200, '{"success":true}', 23)],
}

ON_POSTGRESQL: dict[tuple[str, Any], dict[str, Any]] = {
    ("users", "u1"): {"reachable": True},
    ("users", "u2"): {"reachable": False},
    ("messages", "m1"): {"ts": '"2024-01-01T00:00:00.000Z"', "search": "'#r1' 'deja':1,3 'vu':2"},
    ("messages", "m2"): {"ts": "", "search": None},
    ("messages", "m3"): {"ts": "", "search": None},
    ("outbox", 9): {"state": "pending", "worker": None, "lease": None},
}
"""By table and key, what a row has there that it has not on SQLite, or has otherwise."""


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A database with these rows and nothing else: nothing is counted or derived when they are written."""
    url = database_url(tmp_path, "sqlite")
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as connection:
        migrate(connection)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for table in TABLES:
            rows = ROWS[table.name]
            places = ", ".join("?" * len(table.columns))
            columns = ", ".join(table.columns)
            connection.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", rows)
        connection.execute("UPDATE sequence SET value = 30, access = 25, triggers = 28")
    return url


def expected(table: str) -> list[dict[str, Any]]:
    (columns,) = [one.columns for one in TABLES if one.name == table]
    found = list[dict[str, Any]]()
    for row in ROWS[table]:
        there = {
            name: bool(value) if name in BOOLEANS else value for name, value in zip(columns, row, strict=True)
        }
        found.append(there | ON_POSTGRESQL.get((table, row[0]), {}))
    return found


def test_every_row_is_copied(source: str, tmp_path: Path) -> None:
    before = (tmp_path / FILE).read_bytes()
    done = report(source, database_url(tmp_path, "postgres"))
    assert (tmp_path / FILE).read_bytes() == before
    for table in TABLES:
        there = raw_rows(tmp_path, table.name, "postgres")
        assert sorted(map(repr, map(ordered, there))) == sorted(
            map(repr, map(ordered, expected(table.name)))
        ), table.name
        told, many = of(done, table.name), len(ROWS[table.name])
        assert many > 0
        assert told["equal"]
        assert (told["source"], told["refused"]) == (told["target"], [])
        assert told["source"]["rows"] == many
    checksums = [one["source"]["sha256"] for one in done["tables"]]
    assert len(set(checksums)) == len(checksums)
    assert (done["equal"], done["refused"], done["rowsBefore"]) == (True, 0, 0)
    assert done["rows"] == sum(map(len, ROWS.values()))


def ordered(row: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(row.items())


CHECKSUM_OF_URLS = "d5993be5084937bccb7d98ee1fbc3433774ff77a19e56d083a642b2216c94db2"
"""printf 'http://B/\\ti1\\nhttp://a/\\ti1\\nhttp://a/\\ti2\\nhttp://é/\\ti1\\n' | sha256sum"""


def test_checksums_do_not_depend_on_the_language_of_the_database(source: str, tmp_path: Path) -> None:
    with in_english() as url:
        done = report(source, url)
    assert done["equal"]
    assert of(done, "urls")["target"]["sha256"] == CHECKSUM_OF_URLS


@contextmanager
def in_english() -> Iterator[str]:
    """An empty database, without tables, whose texts compare as in a dictionary."""
    with needing_postgres():
        server = run.databases().cluster
    server.execute(
        "postgres",
        "CREATE DATABASE english TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
        " LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
    )
    try:
        assert server.execute("english", "SELECT 'http://a/' < 'http://B/' AS so") == [{"so": True}]
        yield server.url("english")
    finally:
        server.drop("english")


def test_it_is_told_how_far_the_copy_is(source: str, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    all_rows = sum(map(len, ROWS.values()))

    def tell(what: str, behind: int, total: int) -> None:
        assert total == all_rows
        told.append((what, behind))

    asyncio.run(copy_here(source, database_url(tmp_path, "postgres"), tell))
    many = list(accumulate(len(ROWS[table.name]) for table in TABLES))
    names = [table.name for table in TABLES]
    assert told == [
        (f"{doing} {name}", behind)
        for doing in ("copying", "comparing")
        for name, behind in zip(names, many, strict=True)
    ]


def test_numbers_and_revisions_go_on_behind_the_greatest(source: str, tmp_path: Path) -> None:
    done = report(source, database_url(tmp_path, "postgres"))
    revisions = {"revision": 30, "access": 25, "triggers": 28}
    assert done["revisions"] == {"source": revisions, "target": revisions}
    (state,) = raw_rows(tmp_path, "state", "postgres")
    assert state == {"access": 25, "triggers": 28}

    def next_of(table: str, column: str) -> int:
        sql = f"SELECT nextval(pg_get_serial_sequence('{table}', '{column}')) AS next"
        return int(execute(tmp_path, sql, store="postgres")[0]["next"])

    assert execute(tmp_path, "SELECT nextval('revisions') AS next", store="postgres") == [{"next": 31}]
    assert [
        next_of(*one)
        for one in (("events", "sequence"), ("origins", "id"), ("targets", "id"), ("outbox", "sequence"))
    ] == [8, 3, 5, 10]


def test_triggers_are_on_again_and_statistics_are_there(source: str, tmp_path: Path) -> None:
    report(source, database_url(tmp_path, "postgres"))
    off = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'O'"
    assert execute(tmp_path, off, store="postgres") == []
    known = "SELECT reltuples FROM pg_class WHERE relname = 'messages'"
    assert execute(tmp_path, known, store="postgres") == [{"reltuples": 3.0}]
    assert not exists(tmp_path, "copying")
