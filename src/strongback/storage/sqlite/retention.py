"""What is old goes, in batches: deliveries that have ended, events, the records of calls, keys of hooks."""

import sqlite3

from strongback.faults import reach
from strongback.storage.deliveries import Old
from strongback.storage.sqlite.version_2 import OPEN

OLD_DELIVERIES = (
    "DELETE FROM outbox WHERE sequence < (SELECT min(sequence) FROM outbox) + ?"
    f" AND created < ? AND state NOT IN {OPEN}"
)
OLD_EVENTS = (
    "DELETE FROM events WHERE sequence IN (SELECT sequence FROM events WHERE created < ? ORDER BY created LIMIT ?)"
    " AND NOT EXISTS (SELECT 1 FROM outbox d WHERE d.sequence >= events.first"
    " AND d.sequence < events.first + events.many AND d.event = events.sequence)"
    " AND NOT EXISTS (SELECT 1 FROM outbox d WHERE d.event = events.sequence AND d.replay > 0)"
)
OLD_HISTORY = (
    "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE updated < ? ORDER BY updated LIMIT ?)"
)
OLD_KEYS = (
    "DELETE FROM keys WHERE (integration, key) IN"
    " (SELECT integration, key FROM keys WHERE created < ? ORDER BY created LIMIT ?)"
)
BUSY = "SELECT integration FROM queues WHERE integration > ? ORDER BY integration LIMIT 1"
SURPLUS_DELIVERIES = (
    "DELETE FROM outbox WHERE sequence IN (SELECT d.sequence FROM targets t CROSS JOIN outbox d ON d.target = t.id"
    f" WHERE t.integration = ? AND d.state NOT IN {OPEN} ORDER BY d.sequence DESC LIMIT ? OFFSET ?)"
)
SURPLUS_HISTORY = (
    "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE integration_id = ?"
    " ORDER BY updated DESC, id LIMIT ? OFFSET ?)"
)
UNUSED_COPIES = (
    "DELETE FROM copies WHERE integration = ? AND NOT EXISTS (SELECT 1 FROM history h"
    " WHERE h.integration_id = copies.integration AND h.copy = copies.revision AND h.copy IS NOT NULL)"
)
EXPIRE = (
    "UPDATE outbox SET state = 'expired', reason = ?, updated = ? WHERE state = 'pending' AND created < ?"
    " AND sequence IN (SELECT sequence FROM open_deliveries WHERE integration = ?)"
)


def retire(connection: sqlite3.Connection, old: Old) -> tuple[int, int]:
    """Remove up to a batch of each kind; answers how many rows went or expired, and how many of them expired."""
    gone = connection.execute(OLD_DELIVERIES, (old.batch, old.before)).rowcount
    gone += connection.execute(OLD_EVENTS, (old.before, old.batch)).rowcount
    gone += connection.execute(OLD_HISTORY, (old.before, old.batch)).rowcount
    gone += connection.execute(OLD_KEYS, (old.keys_before, old.batch)).rowcount
    reach("during-retention")
    integration, expired = "", 0
    while (
        gone + expired < old.batch
        and (found := connection.execute(BUSY, (integration,)).fetchone()) is not None
    ):
        (integration,) = found
        expiring = (old.expired, old.now, old.pending_before, integration)
        expired += connection.execute(EXPIRE, expiring).rowcount
        gone += connection.execute(SURPLUS_DELIVERIES, (integration, old.batch, old.keep)).rowcount
        gone += connection.execute(SURPLUS_HISTORY, (integration, old.batch, old.keep)).rowcount
        connection.execute(UNUSED_COPIES, (integration,))
    return gone + expired, expired
