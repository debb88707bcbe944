"""Commits that run side by side: what they write, how they ended, and what stands in the database then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from strongback.errors import Conflict
from strongback.storage.steps import Put, PutDeliveries, PutEvent, Step, Target
from tests.storage.postgres.world import put
from tests.stores import database_url, execute

PATIENCE = 20.0
LOOK_AGAIN = 0.02
WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
"""The connections that wait for a lock."""


def value(folder: Path, sql: str, *values: Any) -> Any:
    """The one value that a statement answers."""
    ((found,),) = (row.values() for row in execute(folder, sql, *values, store="postgres"))
    return found


def message(id: str, rid: str, **members: Any) -> Put:
    """A step that puts a message."""
    return put("messages", id, rid=rid, u={"_id": "u1"}, msg="hello", **members)


def told(event: str, hooks: Sequence[str], limit: int = 1_000) -> list[Step]:
    """An event, and a delivery of it to each of these integrations."""
    targets = [Target(hook, f"http://{hook}.example/", f"http://{hook}.example") for hook in hooks]
    return [
        PutEvent(event, "sendMessage", None, None, "u1", 0, "{}", 1),
        PutDeliveries(event, targets, 1, limit),
    ]


async def outcomes(*commits: Awaitable[None]) -> list[str]:
    """How commits ended that ran side by side: `done`, or the guard that did not hold."""
    found: list[str] = []
    for answer in await asyncio.gather(*commits, return_exceptions=True):
        assert answer is None or isinstance(answer, Conflict), repr(answer)
        found.append("done" if answer is None else type(answer.guard).__name__)
    return sorted(found)


async def waiting(folder: Path, many: int) -> None:
    """Wait until so many commits wait for a lock."""
    asked = f"SELECT count(*) {WAITING}"
    async with asyncio.timeout(PATIENCE):
        while value(folder, asked) < many:
            await asyncio.sleep(LOOK_AGAIN)


@asynccontextmanager
async def beside(folder: Path, *statements: str) -> AsyncIterator[None]:
    """A transaction of another node, which has run these statements and is committed at the end."""
    connection = await asyncpg.connect(database_url(folder, "postgres"))
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
            yield
    finally:
        await connection.close()
