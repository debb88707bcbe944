"""The operator stops the server while receivers hang: it ends in time, and nothing is lost or sent twice for it."""

import time

import pytest

from strongback.testing.answer import Answer, hang
from tests.faults.hub import Hub
from tests.faults.report import Report

pytestmark = pytest.mark.faults

STOPPED_SECONDS = 20.0


def test_a_stop_while_the_receiver_hangs(hub: Hub, report: Report) -> None:
    hub.hook("/hanging")
    hub.hook("/good")
    hub.receiver.script("/hanging", [hang()])
    for number in range(6):
        assert hub.say(f"m{number}").status == 200
    hub.receiver.wait(4, path="/hanging")
    told = time.monotonic()
    assert hub.server.stop() == 0
    assert time.monotonic() - told < STOPPED_SECONDS
    hub.oracle.killed(hub.recorded())
    with hub.database() as database:
        waiting = "SELECT state, attempts, worker, lease FROM deliveries WHERE url LIKE '%/hanging'"
        assert database.execute(waiting).fetchall() == [("pending", 0, None, None)] * 6
    hub.receiver.script("/hanging", [Answer()])
    hub.server.start()
    assert hub.ended() == {"delivered": 12}
    verdict = hub.oracle.judge(hub.receiver.requests, "/hanging", "/good")
    report("stop while the receiver hangs", verdict)
    assert verdict.duplicates == 4


def test_a_stop_under_load(hub: Hub, report: Report) -> None:
    hub.hook("/a")
    hub.hook("/b")
    hub.receiver.answer(delay=0.02)
    with hub.posting():
        hub.receiver.wait(100)
        told = time.monotonic()
        assert hub.server.stop() == 0
        assert time.monotonic() - told < STOPPED_SECONDS
        assert hub.recorded() == {(one.path, one.json()["text"]) for one in hub.receiver.requests}
        hub.server.start()
        hub.receiver.wait(hub.receiver.count + 20)
    assert set(hub.ended()) == {"delivered"}
    verdict = hub.oracle.judge(hub.receiver.requests, "/a", "/b")
    report("stop under load", verdict)
    assert verdict.duplicates == 0
