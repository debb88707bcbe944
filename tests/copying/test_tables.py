"""Every table and column of both stores is copied, in an order that is cheap to read, and written as it is read back."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from strongback.storage.postgres import lines
from strongback.storage.postgres.words import vector
from strongback.storage.rows import ROW
from strongback.storage.sqlite.schema import migrate
from strongback.storage.sqlite.tables import rows_sql
from strongback.storage.tables import TABLES, Table
from tests.stores import database_url, execute

pytestmark = pytest.mark.sqlite

ONLY_ON_SQLITE = {"events": {"first", "many"}, "messages": {"words"}, "users": {"reachable"}}
"""What PostgreSQL finds otherwise, or has from the document."""

COLUMNS_THERE = (
    "SELECT table_name AS name, column_name AS column, data_type AS type FROM information_schema.columns"
    " WHERE table_schema = 'public' AND table_name <> 'deliveries'"
)
NOT_COPIED_THERE = {"version", "state", "tallies", "login_failures"}
WORDS = [
    "ab",
    "abc",
    "b",
    "ünïcode",
    "naïve",
    "狐",
    "\U0001f600",
    "ŉ",
    "½",
    "\ue000",
    "a-b",
    "it's",
    "\\",
    "x" * 600,
]


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    """The tables of SQLite, empty."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        yield connection


def test_every_column_of_sqlite_is_copied(schema: sqlite3.Connection) -> None:
    found = {}
    for (name,) in schema.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = {column for _, column, *_ in schema.execute(f"PRAGMA table_xinfo({name})")}
        found[name] = columns - ONLY_ON_SQLITE.get(name, set())
    kept_apart = {"sequence", *(name for name in found if name.startswith("search"))}
    assert {table.name: set(table.columns) for table in TABLES} == {
        name: columns for name, columns in found.items() if name not in kept_apart
    }


def test_every_column_of_postgresql_is_written(tmp_path: Path) -> None:
    database_url(tmp_path, "postgres")
    found: dict[str, set[str]] = {}
    booleans = set()
    for row in execute(tmp_path, COLUMNS_THERE, store="postgres"):
        found.setdefault(row["name"], set()).add(row["column"])
        if row["type"] == "boolean":
            booleans.add((row["name"], row["column"]))
    assert {table.name: set(lines.columns(table)) for table in TABLES} == {
        name: columns for name, columns in found.items() if name not in NOT_COPIED_THERE
    }
    named = {(table.name, name) for table in TABLES for name in lines.columns(table)}
    assert booleans == {(table, name) for table, name in named if name in lines.BOOLEANS}


def test_keys_compare_by_their_bytes(tmp_path: Path) -> None:
    database_url(tmp_path, "postgres")
    found = execute(
        tmp_path, f"{COLUMNS_THERE} AND data_type = 'text' AND collation_name IS NULL", store="postgres"
    )
    keys = {(table.name, name) for table in TABLES for name in table.key}
    assert keys & {(row["name"], row["column"]) for row in found} == {
        ("urls", name) for name in lines.COLLATED
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("behind", [False, True])
def test_rows_are_read_in_order_without_sorting(
    schema: sqlite3.Connection, table: Table, behind: bool
) -> None:
    key = ("x",) * len(table.key) if behind else ()
    plan = [row[3] for row in schema.execute(f"EXPLAIN QUERY PLAN {rows_sql(table, behind=behind)}", key)]
    assert len(plan) == 1, plan
    assert plan[0].startswith("SEARCH" if behind else "SCAN"), plan


def test_documents_begin_with_what_is_needed_to_read_them() -> None:
    assert all(table.columns[: len(ROW)] == ROW for table in TABLES if table.derived)


def test_a_line_is_what_copy_writes() -> None:
    token = Table("tokens", ("hash",), ("hash", "name", "created", "body"))
    rows = [("a\\b\tc\nd\re\x08f\x0cg\x0bh", None, -1, ""), ("\\N", "\\.", 2**53, b"\x00\xff")]
    assert lines.encode(token, rows) == (
        b"a\\\\b\\tc\\nd\\re\\bf\\fg\\vh\t\\N\t-1\t\n\\\\N\t\\\\.\t9007199254740992\t\\\\x00ff\n"
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("'#r' 'b':2 'a':1,3", "'#r' 'a':1,3 'b':2"),
        ("'#r' 'abc':1 'ab':2", "'#r' 'ab':2 'abc':1"),
        ("'#a ''b\\\\'' c' 'z':1 'y':2", "'#a ''b\\\\'' c' 'y':2 'z':1"),
        ("'#r'", "'#r'"),
        ("'#r' 'b':16383,16384 'a':1,16383,99999", "'#r' 'a':1,16383 'b':16383"),
    ],
)
def test_a_vector_is_what_postgresql_keeps(written: str, kept: str) -> None:
    assert lines.as_kept(written) == kept


def test_vectors_are_kept_as_they_are_compared(tmp_path: Path) -> None:
    database_url(tmp_path, "postgres")
    chance = random.Random(7)
    texts = [" ".join(chance.choices(WORDS, k=chance.randrange(1, 40))) for _ in range(200)]
    texts += ["many " * 20_000, " ".join(map(str, range(20_000))), "狐 b " * 9_000]
    written = [vector(chance.choice(["r1", "it's a \\ room", "r" * 700]), text) for text in texts]
    sql = "SELECT v::tsvector::text AS kept FROM unnest($1::text[]) WITH ORDINALITY x (v, n) ORDER BY n"
    kept = [row["kept"] for row in execute(tmp_path, sql, written, store="postgres")]
    assert [lines.as_kept(one) for one in written] == kept
