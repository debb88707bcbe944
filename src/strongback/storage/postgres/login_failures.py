"""The failed logins that all nodes have counted (spec/01 section 4)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strongback.storage.login_failures import FORGOTTEN_MS, LoginFailures

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

FAILURES = "SELECT key, count, last FROM login_failures WHERE key = ANY($1)"

# What was there before goes into columns of its own: each of the guesses at once, on any nodes, learns how many came first.
COUNT = """
INSERT INTO login_failures AS kept (key, count, last)
SELECT key, 1, $2 FROM unnest($1::text[]) AS failed (key) ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    count_before = CASE WHEN $2 - kept.last > $3 THEN 0 ELSE kept.count END, last_before = kept.last,
    count = CASE WHEN $2 - kept.last > $3 THEN 0 ELSE kept.count END + 1, last = $2
RETURNING key, count_before, last_before
"""
FORGET = "DELETE FROM login_failures WHERE key = ANY($1)"
REMOVE = """
WITH old AS (
    SELECT key FROM login_failures WHERE last < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM login_failures WHERE key IN (SELECT key FROM old) RETURNING 1
)
SELECT count(*) FROM gone
"""
REMOVED_AT_ONCE = 10_000


async def count(connection: "Connection", keys: Sequence[str], now: int) -> dict[str, LoginFailures]:
    """Count a failure under each key; answers what was there before."""
    rows = await connection.fetch(COUNT, keys, now, FORGOTTEN_MS)
    return {key: LoginFailures(count, last) for key, count, last in rows if count}


async def remove_old(connection: "Connection", now: int) -> int:
    """Remove some failures that lie too far back to count; answers how many, 0 once none is left."""
    removed: int = await connection.fetchval(REMOVE, now - FORGOTTEN_MS, REMOVED_AT_ONCE)
    return removed
