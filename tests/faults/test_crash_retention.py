"""The server ends itself while it removes what is old: batches go whole or not at all, and nothing else is lost."""

import contextlib

import pytest

from strongback.testing.answer import Answer, Hold
from tests.faults.hub import CRASHED, Hub, until
from tests.faults.report import Report

pytestmark = pytest.mark.faults

DAY_MS = 86_400_000
BATCH = 500
OLD = 1_200
COPIES = (
    "INSERT INTO events SELECT n - :old - 1, 'old' || n, kind, rid, message, user_id, hops, body, created - :age + n,"
    " n - :old - 1, 1 FROM events, numbers",
    "INSERT INTO outbox SELECT n - :old - 1, n - :old - 1, 0, 0, target, origin, trigger_word, 'delivered', NULL, 1,"
    " next_at, NULL, NULL, NULL, NULL, created - :age, updated - :age FROM outbox, numbers",
)
REMAINING = (
    "SELECT count(*) FROM outbox WHERE sequence < 0",
    "SELECT count(*) FROM events WHERE sequence < 0",
)


def age(hub: Hub) -> None:
    """Write so many old events, each with its delivery, beside the only one that there is."""
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :old)"
    with hub.database() as database:
        for copy in COPIES:
            database.execute(f"{numbers} {copy}", {"old": OLD, "age": 40 * DAY_MS})


def test_a_crash_during_retention_loses_nothing(hub: Hub, report: Report) -> None:
    hub.hook("/a")
    hold = Hold(Answer())
    hub.receiver.script("*", [hold])
    assert hub.say("fresh").status == 200
    hub.receiver.wait(1)
    hub.kill()
    age(hub)
    with contextlib.suppress(RuntimeError):  # it may end before it listens
        hub.server.start(STRONGBACK_CRASH_AT="during-retention:2")
    assert hub.server.wait() == CRASHED
    hub.oracle.killed(set())

    def left() -> list[int]:
        with hub.database() as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [database.execute(remaining).fetchone()[0] for remaining in REMAINING]

    assert left() == [OLD - BATCH, OLD - BATCH]
    hold.release()
    hub.server.start(STRONGBACK_CRASH_AT="")
    until(lambda: left() == [0, 0])
    assert hub.ended() == {"delivered": 1}
    assert hub.query("SELECT open FROM queues") == [(0,)]
    report("crash during-retention", hub.oracle.judge(hub.receiver.requests, "/a"))
