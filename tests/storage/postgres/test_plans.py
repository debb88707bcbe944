"""Every statement that reads has an index under it."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from strongback.storage.kinds import FIELDS, KINDS
from strongback.storage.postgres import login_failures, selections, statements
from strongback.storage.postgres.selections import count_sql, page_sql, rows_sql, where
from strongback.storage.postgres.shown import stored_columns
from strongback.storage.selections import (
    ChannelsFor,
    Everything,
    Having,
    HoldersOf,
    IntegrationScope,
    Marked,
    MembersOf,
    Reachable,
    RoomsOf,
    Selection,
    Thread,
    Timeline,
    UsersWith,
)
from tests.postgres_databases import TEMPLATE
from tests.stores import needing_postgres, run

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

pytestmark = pytest.mark.anyio

SMALL = {"settings", "permissions", "roles", "state"}
"""Tables that do not grow with use."""

OF_FEW = {"users_reachable"}
"""Indexes that hold but the rows that are asked for, so that all of them are read."""

TARGETS = (("room", "r1"), ("scope", "all_private_groups"))
SCOPES: list[Selection] = [
    IntegrationScope(TARGETS, ((None, None),)),
    IntegrationScope(TARGETS, ((None, "u1"),)),
    IntegrationScope(TARGETS, (("webhook-incoming", None), ("webhook-outgoing", "u1"))),
    IntegrationScope(None, ((None, "u1"),)),
    IntegrationScope(None, (("webhook-incoming", None),)),
    IntegrationScope(None, (("webhook-incoming", "u1"), ("webhook-outgoing", "u1"))),
]
TIMELINES: list[Selection] = [
    Timeline("r1"),
    Timeline("r1", after=5, threads=False),
    Timeline("r1", after=5, before=9, inclusive=True),
]
MARKED: list[Selection] = [
    Marked("r1", "pinned"),
    Marked("r1", "starred", "u1"),
    Marked("r1", "mentions", "u1"),
    Marked("r1", "roots"),
    Marked("r1", "changed", after=5),
]
HAVING: list[Selection] = [Having(kind, name, "x") for kind, names in FIELDS.items() for name in names]

READ: list[tuple[list[Selection], str]] = [
    (SCOPES, "created"),
    ([*TIMELINES, *MARKED, Having("messages", "rid", "r1"), Thread("m1")], "newest"),
    ([Marked("r1", "roots")], "threads"),
    ([Marked("r1", "changed"), Having("history", "integration_id", "i1")], "updated"),
    ([MembersOf("r1")], "members"),
    ([*HAVING, HoldersOf("r1", ("owner", "leader"))], "id"),
    ([UsersWith("bot"), Reachable()], "username"),
    ([RoomsOf("u1", ("p", "c")), Having("rooms", "type", "p"), ChannelsFor("u1")], "name"),
    ([Having("messages", "thread", "m1"), Thread("m1")], "created"),
]
"""Selections, and the order in which they are read."""


def of(selection: Selection, order: str) -> list[str]:
    chosen = where(selection)
    return [page_sql(chosen, order), rows_sql(chosen, order), count_sql(chosen)]


def fixed() -> list[str]:
    """The statements that are no selection, but for `COUNTS`, which reads everything."""
    named = [*vars(statements).items(), *vars(selections).items()]
    found = [
        sql for name, sql in named if name[0].isalpha() and isinstance(sql, str) and sql.startswith("SELECT")
    ]
    found.remove(statements.COUNTS)
    found += [f"SELECT {stored_columns(kind)} FROM {kind} t WHERE t.id = $1" for kind in KINDS]
    found += [*statements.AUTHENTICATE_AND_ROOM.values(), *statements.AUTHENTICATE_AND_REACHING.values()]
    return [*found, statements.revisions(KINDS), login_failures.FAILURES]


FIRST_COLUMNS = (
    "SELECT i.indexrelid::regclass::text, a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
    " AND a.attnum = i.indkey[0]"
)


@pytest.fixture
async def connection() -> AsyncIterator["Connection"]:
    """A connection to a database that nothing was ever written to: deleted rows would change the plans."""
    with needing_postgres():
        cluster = run.databases().cluster
    opened = await asyncpg.connect(cluster.create("plans", TEMPLATE))
    # What an empty table costs to read is no reason to read it.
    await opened.execute("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off")
    await opened.execute("SET plan_cache_mode = force_generic_plan")
    yield opened
    await opened.close()
    cluster.drop("plans")


async def plan(connection: "Connection", sql: str) -> list[dict[str, Any]]:
    """The nodes of a statement's plan, whatever its parameters are; each with the first column of its index."""
    places = max(map(int, re.findall(r"\$(\d+)", sql)), default=0)
    given = f"({', '.join(['NULL'] * places)})" if places else ""
    await connection.execute(f"PREPARE asked AS {sql}")
    try:
        found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{given}")
    finally:
        await connection.execute("DEALLOCATE asked")
    planned = nodes(json.loads(found)[0]["Plan"])
    firsts = {row[0]: row[1] for row in await connection.fetch(FIRST_COLUMNS)}
    return [{**node, "First": firsts.get(node.get("Index Name"))} for node in planned]


def nodes(top: dict[str, Any]) -> list[dict[str, Any]]:
    return [top, *(node for below in top.get("Plans", ()) for node in nodes(below))]


def walks(plan: Sequence[dict[str, Any]]) -> list[str]:
    """What reads the whole of a table that grows, or of an index on one."""
    tables = [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"]
    indexes = [node for node in plan if "Index Name" in node and node.get("Relation Name") not in SMALL]
    whole = [node["Index Name"] for node in indexes if f"({node['First']} " not in node.get("Index Cond", "")]
    return [name for name in (*tables, *whole) if name not in SMALL | OF_FEW]


def sorts(plan: Sequence[dict[str, Any]]) -> bool:
    return any(node["Node Type"] == "Sort" for node in plan)


async def test_no_statement_reads_the_whole_of_a_table_that_grows(connection: "Connection") -> None:
    read = [sql for chosen, order in READ for selection in chosen for sql in of(selection, order)]
    found = {sql: walks(await plan(connection, sql)) for sql in dict.fromkeys([*fixed(), *read])}
    assert {sql: names for sql, names in found.items() if names} == {}
    assert len(found) > 120


@pytest.mark.parametrize(
    ("kind", "order"),
    [("integrations", "created"), ("users", "username"), ("rooms", "created"), ("users", "id")],
)
async def test_a_listing_of_everything_walks_an_index_in_order(
    connection: "Connection", kind: str, order: str
) -> None:
    for sql in of(Everything(kind), order)[:2]:
        found = await plan(connection, sql)
        assert not sorts(found), found
        assert walks(found) != []


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        (MembersOf("r1"), "members"),
        (Having("rooms", "type", "p"), "name"),
        (ChannelsFor("u1"), "name"),
        (Reachable(), "username"),
        (Marked("r1", "roots"), "threads"),
        (Marked("r1", "pinned"), "newest"),
        (Timeline("r1"), "newest"),
        (Having("messages", "rid", "r1"), "newest"),
        (Having("messages", "thread", "m1"), "created"),
        (Having("history", "integration_id", "i1"), "updated"),
        (Thread("m1"), "created"),
        (Thread("m1"), "newest"),
    ],
)
async def test_a_page_of_many_need_not_be_sorted(
    connection: "Connection", asked: Selection, order: str
) -> None:
    await connection.execute(
        "SET enable_sort = off; SET enable_bitmapscan = off"
    )  # empty tables are soon sorted
    found = await plan(connection, page_sql(where(asked), order))
    assert not sorts(found), found


async def test_the_test_sees_what_reads_all(connection: "Connection") -> None:
    assert walks(await plan(connection, "SELECT * FROM messages WHERE user_id || '' = $1")) != []
    assert walks(await plan(connection, "SELECT count(*) FROM messages WHERE created = $1")) != []
    assert sorts(await plan(connection, "SELECT id FROM messages WHERE rid = $1 ORDER BY ts"))
