"""The calls that all nodes have counted (spec/01 §6)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strongback.storage.tallies import Tally

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

LONGEST_MS = 86_400_000
"""A window that ends later than in so long was written by a node whose clock was wrong."""

REMOVED_AT_ONCE = 10_000

# Every node locks its rows in the order of their keys, so that no two wait for each other.
SHARE = """
INSERT INTO tallies (key, reset, calls)
SELECT key, reset, calls FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS counted (key, reset, calls) ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    reset = CASE WHEN tallies.reset > $1 THEN tallies.reset ELSE excluded.reset END,
    calls = CASE WHEN tallies.reset > $1 THEN tallies.calls ELSE 0 END + excluded.calls
RETURNING key, reset, calls
"""

# It waits for no row that another node is counting in, so that it can not be part of a deadlock either.
REMOVE = """
WITH ended AS (
    SELECT key FROM tallies WHERE reset <= $1 OR reset > $2 LIMIT $3 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM tallies WHERE key IN (SELECT key FROM ended) RETURNING 1
)
SELECT count(*) FROM gone
"""


async def share(connection: "Connection", now: int, counted: Sequence[Tally]) -> list[Tally]:
    """Add what this node counted to what all nodes counted; the totals, and when the common windows end.

    A key may stand in ``counted`` once only. Calls of a window that has ended start a new one.
    """
    keys, resets, calls = zip(*counted, strict=True) if counted else ((), (), ())
    rows = await connection.fetch(SHARE, now, keys, resets, calls)
    return [Tally(row["key"], row["reset"], row["calls"]) for row in rows]


async def remove_ended(connection: "Connection", now: int) -> int:
    """Remove some windows that have ended; answers how many, 0 once none is left."""
    removed: int = await connection.fetchval(REMOVE, now, now + LONGEST_MS, REMOVED_AT_ONCE)
    return removed
