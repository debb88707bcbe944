"""What a claim costs: no statement reads the whole of a table or an index, however much waits."""

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from strongback.storage.postgres import claims, deliveries, retention
from strongback.storage.postgres import outbox as reads
from strongback.storage.postgres.connection import SERVER_SETTINGS
from tests.postgres_databases import TEMPLATE
from tests.storage.postgres.test_plans import connection as planning
from tests.storage.postgres.test_plans import nodes, plan, walks
from tests.stores import needing_postgres, run

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

__all__ = ["planning"]
pytestmark = pytest.mark.anyio

NOW = 1_000
LEASE = 61_000
STUCK = "http://26:80"
"""Behind this origin most of a long queue waits."""
ORIGINS = 51
OF_WHAT_IS_SENT = "outbox_leased"
"""An index that never holds more than the workers send, so that all of it may be read."""
SMALL = {"origins", "targets"}
"""Tables of some dozens of rows, which are read whole or not as it comes."""
UNHURRIED = {**SERVER_SETTINGS, "statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}


@contextmanager
def fresh(name: str) -> Iterator[str]:
    """The URL of a database that no other test has had or gets."""
    with needing_postgres():
        cluster = run.databases().cluster
    yield cluster.create(name, TEMPLATE)
    cluster.drop(name)


def statements() -> list[str]:
    """What works on the outbox, but for what reads a row of every integration or of all that waits."""
    modules = (claims, deliveries, reads)
    named = [item for module in modules for item in vars(module).items()]
    found = [
        sql
        for name, sql in named
        if name.isupper()
        and name[0].isalpha()
        and isinstance(sql, str)
        and sql.split()[0] in {"SELECT", "UPDATE", "INSERT", "DELETE", "WITH"}
    ]
    rows = [retention.OLD_EVENTS, retention.UNUSED_EVENTS, retention.OLD_HISTORY, retention.OLD_KEYS]
    surplus = [retention.SURPLUS_DELIVERIES, retention.SURPLUS_HISTORY, f"SELECT 1 {retention.UNUSED_COPIES}"]
    whole = {claims.REBASE, reads.ALL_QUEUES}
    return [sql for sql in dict.fromkeys([*found, *rows, *surplus]) if sql not in whole]


async def test_every_statement_of_the_outbox_has_an_index_under_it(planning: "Connection") -> None:
    found = {sql: set(walks(await plan(planning, sql))) - {OF_WHAT_IS_SENT} for sql in statements()}
    assert {sql: names for sql, names in found.items() if names} == {}
    assert len(found) > 25


async def test_claims_are_planned_well_before_anything_is_known_of_the_tables() -> None:
    with fresh("unknown") as url:
        connection = await asyncpg.connect(url, server_settings=SERVER_SETTINGS)
        for sql in (claims.ORIGINS, claims.TAKE, claims.RENEW, claims.RECLAIM_ENDED):
            found = await plan(connection, sql)
            whole = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
            assert whole <= SMALL, sql
        await connection.close()


async def fill(connection: "Connection", rows: int) -> None:
    """Let rows wait, of which 95 in 100 go to one origin; half of each are due at `NOW`."""
    indexes = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'outbox' AND indexdef LIKE '%WHERE%'"
    )
    for name, _ in indexes:
        await connection.execute(f"DROP INDEX {name}")
    await connection.execute(
        "INSERT INTO events (id, kind, user_id, hops, body, created) VALUES ('e', 'sendMessage', 'u', 0, '{}', 0)"
    )
    await connection.execute(
        "INSERT INTO origins (origin) SELECT 'http://' || n || ':80' FROM generate_series(1, $1::int) n",
        ORIGINS,
    )
    await connection.execute(
        "INSERT INTO targets (integration, url, origin) SELECT 'i' || id, origin || '/', id FROM origins"
    )
    await connection.execute(
        "INSERT INTO outbox (event, number, replay, target, origin, state, attempts, next_at, created, updated)"
        " SELECT 1, n, 0, o, o, 'pending', 0, n % 2000, 0, 0 FROM (SELECT n,"
        " CASE WHEN n % 20 > 0 THEN 26 ELSE 1 + (n / 20) % 51 END AS o FROM generate_series(1, $1::int) n) x",
        rows,
        timeout=300,
    )
    for _, definition in indexes:
        await connection.execute(definition, timeout=300)
    await connection.execute("ANALYZE", timeout=300)


async def cost(connection: "Connection", sql: str, *values: Any) -> tuple[int, int]:
    """How many rows of tables and indexes a statement looked at, and how many pages it read or wrote.

    It is planned as in a server, without looking at its parameters.
    """
    await connection.execute(f"PREPARE asked AS {sql}")
    undone = connection.transaction()
    await undone.start()
    try:
        given = ", ".join(map(literal, values))
        analyzed = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
        found = await connection.fetchval(f"{analyzed} EXECUTE asked({given})")
    finally:
        await undone.rollback()
        await connection.execute("DEALLOCATE asked")
    top = json.loads(found)[0]["Plan"]
    scans = [
        node
        for node in nodes(top)
        if node.get("Relation Name", "origins") not in SMALL and "Scan" in node["Node Type"]
    ]
    lost = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows = sum(
        (node["Actual Rows"] + sum(node.get(name, 0) for name in lost)) * node["Actual Loops"]
        for node in scans
    )
    return rows, top["Shared Hit Blocks"] + top["Shared Read Blocks"]


def literal(value: Any) -> str:
    """A value as SQL text."""
    return f"ARRAY[{', '.join(map(literal, value))}]" if isinstance(value, list) else repr(value)


BUSY = [STUCK], [8]
FREE = list(range(1, 17)), [8] * 16
"""Sixteen origins with eight places each."""


async def claim_costs(url: str, rows: int) -> dict[str, tuple[int, int]]:
    """What the two statements of a claim cost, and what they cost while seven others are at the same origin."""
    async with AsyncExitStack() as opened:
        connection, *others = [await asyncpg.connect(url, server_settings=UNHURRIED) for _ in range(8)]
        for one in (connection, *others):
            opened.push_async_callback(one.close)
        await fill(connection, rows)
        stuck = [26], [8], NOW, 8
        found = {
            "origins": await cost(connection, claims.ORIGINS, 20, NOW, 128, 8, *BUSY),
            "take": await cost(connection, claims.TAKE, *FREE, NOW, 128, "w", LEASE),
            "take from the stuck one": await cost(connection, claims.TAKE, *stuck, "w", LEASE),
        }
        for n, one in enumerate(others):
            await one.execute("BEGIN")
            assert len(await one.fetch(claims.TAKE, *stuck, f"w{n}", LEASE)) == 8
        found["take beside others"] = await cost(connection, claims.TAKE, *stuck, "w", LEASE)
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_claim_reads_no_more_of_a_million_than_of_a_few() -> None:
    with fresh("few") as url:
        few = await claim_costs(url, 20_000)
    with fresh("many") as url:
        many = await claim_costs(url, 1_000_000)
    assert {name: rows for name, (rows, _) in many.items()} == {name: rows for name, (rows, _) in few.items()}
    for name, (rows, pages) in many.items():
        assert pages <= few[name][1] * 1.5, name  # the indexes are a level or two higher
        assert rows <= {"origins": 2 * ORIGINS + 5, "take": 3 * 128}.get(name, 3 * 8 + 2 * 7 * 8), name
