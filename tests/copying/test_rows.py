"""What becomes of rows that were written by hand, and of what counts them."""

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
from tests.copying.rows import ON_POSTGRESQL, ROWS
from tests.stores import FILE, database_url, execute, needing_postgres, raw_rows, run

pytestmark = pytest.mark.sqlite


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
