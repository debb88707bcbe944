"""Answers without an end, and small ones that unpack to very large ones: the server does not grow."""

import pytest

from strongback.testing.answer import Answer, Behaviour, bomb, endless
from tests.faults.hub import Hub
from tests.faults.memory import forget_peak, peak, resident
from tests.faults.report import Report

pytestmark = pytest.mark.faults

MEGABYTE = 1024 * 1024
BODIES: dict[str, Answer | Behaviour] = {"endless bodies": endless(), "gzip bombs": bomb(500)}


@pytest.mark.parametrize("kind", BODIES)
def test_large_answers_do_not_fill_memory(hub: Hub, report: Report, kind: str) -> None:
    hub.hook("/a")
    hub.receiver.script("/a", [*[Answer(body="x" * 1000)] * 30, BODIES[kind]])
    for number in range(30):
        hub.say(f"small {number}")
    hub.ended()
    pid = hub.server.process.pid
    forget_peak(pid)
    before = resident(pid)
    for number in range(60):
        hub.say(f"large {number}")
    assert set(hub.ended()) == {"delivered"}
    report(f"{kind}, 60", hub.oracle.judge(hub.receiver.requests, "/a"))
    assert peak(pid) - before < 20 * MEGABYTE
