"""What is old goes, in batches: deliveries that have ended, events, the records of calls, keys of hooks.

One node sweeps at a time, beside commits; what a commit may need while it is looked at is locked first.
"""

from typing import TYPE_CHECKING

from strongback.faults import reach
from strongback.storage.deliveries import Old
from strongback.storage.postgres.claims import changed
from strongback.storage.postgres.guards import COMMITS
from strongback.storage.postgres.version_1 import OPEN

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

SWEEP = 7_236_105_402
"""The number of the lock of the node that sweeps."""

INTEGRATIONS_AT_ONCE = 100


def _oldest(states: str, also: str = "", lock: str = "") -> str:
    """Up to $2 rows from before $1 in these states, target by target; one whose oldest is newer is passed over."""
    rows = f"FROM outbox o WHERE o.target = t.id AND o.state {states}"
    oldest = f"LATERAL (SELECT o.created {rows} ORDER BY o.sequence LIMIT 1) oldest"
    asked = f"o.created < $1 {also} ORDER BY o.sequence LIMIT $2 {lock}"
    found = f"LATERAL (SELECT o.sequence {rows} AND {asked}) d"
    return f"SELECT d.sequence FROM targets t, {oldest}, {found} WHERE oldest.created < $1 LIMIT $2"


# Rows are named by an array, for the planner takes that to be short, whatever it knows of the tables.
OLD_DELIVERIES = (
    f"DELETE FROM outbox WHERE sequence = ANY(ARRAY({_oldest(f'NOT IN {OPEN}')})) RETURNING event"
)
# Locked before it is asked what hangs on them: a replay that is being owed locks its event too.
OLD_EVENTS = (
    "SELECT e.sequence FROM events e WHERE e.created < $1 AND e.sequence = ANY($3::bigint[] || ARRAY("
    "SELECT sequence FROM events WHERE created < $1 ORDER BY created LIMIT $2)) FOR UPDATE SKIP LOCKED"
)
UNUSED_EVENTS = (
    "DELETE FROM events e WHERE e.sequence = ANY($1)"
    " AND NOT EXISTS (SELECT 1 FROM outbox d WHERE d.event = e.sequence)"
)
OLD_HISTORY = (
    "DELETE FROM history WHERE updated < $1 AND id = ANY(ARRAY("
    "SELECT id FROM history WHERE updated < $1 ORDER BY updated LIMIT $2)) RETURNING integration_id"
)
OLD_KEYS = (
    "DELETE FROM keys WHERE created < $1"
    " AND ctid = ANY(ARRAY(SELECT ctid FROM keys WHERE created < $1 ORDER BY created LIMIT $2))"
)
BUSY = (
    f"SELECT integration FROM queues WHERE integration > $1 ORDER BY integration LIMIT {INTEGRATIONS_AT_ONCE}"
)
SURPLUS_DELIVERIES = (
    "DELETE FROM outbox WHERE sequence = ANY(ARRAY(SELECT s.sequence FROM unnest($1::text[]) q(integration)"
    " CROSS JOIN LATERAL (SELECT d.sequence FROM targets t CROSS JOIN LATERAL ("
    f"SELECT o.sequence FROM outbox o WHERE o.target = t.id AND o.state NOT IN {OPEN}"
    " ORDER BY o.sequence DESC LIMIT $2::bigint + $3) d"
    " WHERE t.integration = q.integration ORDER BY d.sequence DESC LIMIT $2 OFFSET $3) s LIMIT $2))"
)
SURPLUS_HISTORY = (
    "DELETE FROM history WHERE id = ANY(ARRAY(SELECT s.id FROM unnest($1::text[]) q(integration)"
    " CROSS JOIN LATERAL (SELECT h.id FROM history h WHERE h.integration_id = q.integration"
    " ORDER BY h.updated DESC, h.id LIMIT $2 OFFSET $3) s LIMIT $2)) RETURNING integration_id"
)
_WAITING = _oldest(f"IN {OPEN}", "AND o.state = 'pending'", "FOR UPDATE SKIP LOCKED")
EXPIRE = (
    f"UPDATE outbox SET state = 'expired', reason = $3, updated = $4 WHERE sequence = ANY(ARRAY({_WAITING}))"
)
UNUSED_COPIES = (
    "FROM copies c WHERE c.integration = ANY($1) AND NOT EXISTS (SELECT 1 FROM history h"
    " WHERE h.integration_id = c.integration AND h.copy = c.revision AND h.copy IS NOT NULL)"
)


async def retire(connection: "Connection", old: Old, after: str) -> tuple[int, int, str]:
    """Remove up to a batch of each kind; answers how many rows went or expired, how many expired, where to go on.

    Integrations are looked at from `after` on, once around. While another node sweeps, nothing is left for this one.
    """
    recorded: set[str] = set()
    async with connection.transaction():
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SWEEP):
            return 0, 0, after
        gone = await _remove_aged(connection, old, recorded)
        reach("during-retention")
        surplus, after = await _remove_surplus(connection, old, after, gone, recorded)
        # Last, for it locks the counts of integrations, which every message that owes them something waits for.
        expiring = (old.pending_before, old.batch, old.expired, old.now)
        expired = changed(await connection.execute(EXPIRE, *expiring))
    await _remove_copies(connection, recorded)
    return gone + surplus + expired, expired, after


async def _remove_aged(connection: "Connection", old: Old, recorded: set[str]) -> int:
    """Remove what is too old; notes the integrations whose records went."""
    events = [event for (event,) in await connection.fetch(OLD_DELIVERIES, old.before, old.batch)]
    locked = [one for (one,) in await connection.fetch(OLD_EVENTS, old.before, old.batch, events)]
    unused = changed(await connection.execute(UNUSED_EVENTS, locked))
    records = [id for (id,) in await connection.fetch(OLD_HISTORY, old.before, old.batch)]
    recorded.update(records)
    keys = changed(await connection.execute(OLD_KEYS, old.keys_before, old.batch))
    return len(events) + unused + len(records) + keys


async def _remove_surplus(
    connection: "Connection", old: Old, after: str, gone: int, recorded: set[str]
) -> tuple[int, str]:
    """Remove what integrations have beyond what is kept, until that makes a batch; also says which was the last."""
    surplus, looked, around = 0, after, False
    while gone + surplus < old.batch and not (around and looked >= after):
        found = [id for (id,) in await connection.fetch(BUSY, looked)]
        if found:
            looked = found[-1]
            surplus += changed(await connection.execute(SURPLUS_DELIVERIES, found, old.batch, old.keep))
            records = await connection.fetch(SURPLUS_HISTORY, found, old.batch, old.keep)
            surplus += len(records)
            recorded.update(id for (id,) in records)
        elif around:
            break
        else:
            looked, around = "", True
    return surplus, looked


async def _remove_copies(connection: "Connection", integrations: set[str]) -> None:
    """Remove what no record of these integrations names any more, while nobody can be writing one."""
    listed = list(integrations)
    if await connection.fetchval(f"SELECT EXISTS (SELECT 1 {UNUSED_COPIES})", listed):
        async with connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({COMMITS})")
            await connection.execute(f"DELETE {UNUSED_COPIES}", listed)
