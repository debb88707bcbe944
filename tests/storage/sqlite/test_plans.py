"""Every statement has an index under it."""

import re
import sqlite3
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from strongback.storage.guards import (
    Absent,
    AccessAt,
    AdminRemains,
    EmailFree,
    Guard,
    Held,
    Holds,
    KeyFree,
    Member,
    OwnerRemains,
    Present,
    RoleUnused,
    Steady,
    TokenNameFree,
    TriggersAt,
    Unchanged,
)
from strongback.storage.kinds import FIELDS, KINDS
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
from strongback.storage.sqlite import deliveries, guards, retention, statements, steps
from strongback.storage.sqlite.schema import migrate
from strongback.storage.sqlite.selections import count_sql, page_sql, rows_sql, stored_columns, where

SMALL = {"settings", "permissions", "roles", "sequence", "j", "p"}
"""Tables that do not grow with use; `j` is a list among the parameters, `p` a page."""

WHOLE = {statements.ALL_QUEUES}
"""What reads a row of every integration, in a thread of its own, when somebody wants to see all of them."""

TARGETS = (("room", "r1"), ("scope", "all_private_groups"))
SCOPES = [
    IntegrationScope(TARGETS, ((None, None),)),
    IntegrationScope(TARGETS, ((None, "u1"),)),
    IntegrationScope(TARGETS, (("webhook-incoming", None), ("webhook-outgoing", "u1"))),
]
OWN_OR_TYPE = [
    IntegrationScope(None, ((None, "u1"),)),
    IntegrationScope(None, (("webhook-incoming", None),)),
    IntegrationScope(None, (("webhook-incoming", "u1"), ("webhook-outgoing", "u1"))),
]


def fixed() -> list[str]:
    found = [
        value
        for name, value in vars(statements).items()
        if name[0].isalpha() and name.isupper() and str(value).startswith("SELECT") and value not in WHOLE
    ]
    found += [steps.SURPLUS_TOKENS, steps.MARK_SEEN]
    found += [f"DELETE FROM {name} WHERE message = ?" for name in steps.MARKS]
    found += [steps.PUT_COPY, steps.PUT_RECORD]
    found += [steps.REMOVE_COPIES]
    found += [
        sql
        for part in (deliveries, retention)
        for name, sql in vars(part).items()
        if isinstance(sql, str) and sql.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))
    ]
    found += list(steps.PUT.values())
    found += [f"DELETE FROM {kind} WHERE id = ?" for kind in KINDS]
    found += [f"DELETE FROM {kind} WHERE {name} = ?" for kind, names in FIELDS.items() for name in names]
    found += [
        f"SELECT count(*), max(revision) FROM {k} WHERE {name} = ?" for k, ns in FIELDS.items() for name in ns
    ]
    found += [f"DELETE FROM {name} WHERE user_id = ?" for name in ("user_roles", "emails", "tokens")]
    found += [f"DELETE FROM {name} WHERE integration = ?" for name in ("links", "urls")]
    found += ["DELETE FROM tokens WHERE user_id = ? AND hash = ?"]
    found += ["DELETE FROM room_roles WHERE rid = ? AND user_id = ?"]
    found += [f"SELECT {stored_columns(kind)} FROM {kind} t WHERE t.id = ?" for kind in KINDS]
    found += [statements.revisions(KINDS)]
    return found


def selected(selections: list[Selection], order: str) -> list[str]:
    return [
        sql
        for selection in selections
        for sql in (
            page_sql(where(selection), order),
            rows_sql(where(selection), order),
            count_sql(where(selection)),
        )
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


def having() -> list[str]:
    one: list[Selection] = [Having(kind, name, "x") for kind, names in FIELDS.items() for name in names]
    return selected(one, "id")


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    opened = sqlite3.connect(Path(tmp_path_factory.mktemp("plans")) / "store.db", isolation_level=None)
    migrate(opened)
    return opened


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    numbered = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    parameters = [None] * (max(numbered, default=0) + len(re.findall(r"\?(?!\d)", sql)))
    if "INSERT INTO rooms" in sql:
        parameters.pop()  # its ?1 is the first of the others
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


GUARDS: list[Guard] = [
    AccessAt(0),
    AdminRemains("u1"),
    EmailFree("a@b", "u1"),
    Held("e1.0", "w1"),
    KeyFree("i1", "k", 0),
    Member("r1", "u1"),
    OwnerRemains("r1", "u1"),
    RoleUnused("poet"),
    TokenNameFree("u1", "laptop"),
    TriggersAt(0),
    *(Holds(kind, "x", name, "y") for kind, names in FIELDS.items() for name in names),
    *(one(kind, "x") for kind in KINDS for one in (Present, partial(Unchanged, revision=1))),
    *(
        one(kind, name, "x")
        for kind, names in FIELDS.items()
        for name in names
        for one in (Absent, partial(Steady, count=0, newest=0))
    ),
]


def test_every_guard_is_looked_up(connection: sqlite3.Connection) -> None:
    assert {type(guard) for guard in GUARDS} == set(get_args(Guard))
    for guard in GUARDS:
        expression, parameters = guards.condition(connection, guard)
        lines = [
            row[3]
            for row in connection.execute(f"EXPLAIN QUERY PLAN SELECT {expression} FROM sequence", parameters)
        ]
        assert scans(lines) == [], (guard, lines)


def scans(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("SCAN") and line.split()[1] not in {*SMALL, "CONSTANT"}]


@pytest.mark.parametrize(
    "sql",
    [
        *fixed(),
        *having(),
        *selected([*SCOPES], "created"),
        *selected([*OWN_OR_TYPE], "created"),
        *selected([*TIMELINES, *MARKED], "newest"),
        *selected([Marked("r1", "roots")], "threads"),
        *selected([MembersOf("r1")], "members"),
        *selected([HoldersOf("r1", ("owner", "leader"))], "id"),
        *selected([UsersWith("bot"), Reachable()], "username"),
        *selected([RoomsOf("u1", ("p", "c"))], "name"),
        *selected([Having("rooms", "type", "p"), ChannelsFor("u1")], "name"),
        *selected([Having("messages", "thread", "m1"), Thread("m1")], "created"),
    ],
)
def test_no_statement_scans_a_table_that_grows(connection: sqlite3.Connection, sql: str) -> None:
    lines = plan(connection, sql)
    aliased = [line for line in lines if line.split()[:2] == ["SCAN", "t"]]
    assert scans(lines) == [], lines
    assert aliased == [], lines


@pytest.mark.parametrize(
    ("by", "room"),
    [("id", "sqlite_autoindex_rooms_1 (id=?)"), ("name", "rooms_name (name=?)")],
)
def test_a_room_is_looked_up_after_its_token(connection: sqlite3.Connection, by: str, room: str) -> None:
    t, u, r, s = (f"SEARCH {table}" for table in "turs")
    lines = plan(connection, statements.AUTHENTICATE_AND_ROOM[by])
    assert scans(lines) == []
    assert [line[:8] for line in lines[:4]] in ([t, u, r, s], [u, t, r, s])
    assert f" USING INDEX {room}" in lines[2]


@pytest.mark.parametrize(
    ("kind", "order"),
    [("integrations", "created"), ("users", "username"), ("rooms", "created"), ("users", "id")],
)
def test_a_listing_of_everything_walks_an_index_in_order(
    connection: sqlite3.Connection, kind: str, order: str
) -> None:
    for sql in (page_sql(where(Everything(kind)), order), rows_sql(where(Everything(kind)), order)):
        lines = [line for line in plan(connection, sql) if not line.startswith("CORRELATED SCALAR SUBQUERY")]
        assert all("USING INDEX" in line for line in lines), lines


def test_the_test_sees_a_scan(connection: sqlite3.Connection) -> None:
    assert scans(plan(connection, "SELECT * FROM messages WHERE created = ?")) != []


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
        (Thread("m1"), "created"),
        (Thread("m1"), "newest"),
    ],
)
def test_a_page_of_many_is_not_sorted(connection: sqlite3.Connection, asked: Selection, order: str) -> None:
    lines = plan(connection, page_sql(where(asked), order))
    assert not [line for line in lines if "TEMP B-TREE" in line], lines
