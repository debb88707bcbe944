"""Another program locks the database for ten seconds: posters hear 503, and delivery goes on by itself afterwards."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from strongback.testing.answer import Hold
from tests.faults.hub import Hub, until
from tests.faults.report import Report

pytestmark = pytest.mark.faults

LOCKED_SECONDS = 10.0
PROMPT_SECONDS = 5.0
"""A write waits two seconds for the lock, and as long for those before it."""


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the lock of a database, as a backup or a curious operator may."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_refuses_posters_and_goes_on_by_itself(hub: Hub, report: Report) -> None:
    hub.hook("/a")
    hold = Hold()
    hub.receiver.script("/a", [hold])
    for number in range(20):
        assert hub.say(f"before {number}").status == 200
    hub.receiver.wait(4)
    refused: list[float] = []
    with locked(hub.server.database):
        unlock = time.monotonic() + LOCKED_SECONDS
        hold.release()
        while time.monotonic() < unlock - PROMPT_SECONDS:
            asked = time.monotonic()
            assert hub.say(f"refused {len(refused)}").status == 503
            refused.append(time.monotonic() - asked)
        assert hub.server.get("groups.messages", roomId=hub.server.group.id)["total"] == 20
        until(lambda: time.monotonic() > unlock)
    assert hub.say("after").status == 200
    assert hub.ended() == {"delivered": 21}
    verdict = hub.oracle.judge(hub.receiver.requests, "/a")
    report("database locked for 10 s", verdict)
    assert verdict.duplicates == 0
    assert len(refused) >= 2
    assert max(refused) < PROMPT_SECONDS
    texts = {message["msg"] for message in hub.server.messages()}
    assert texts == set(hub.oracle.accepted)
