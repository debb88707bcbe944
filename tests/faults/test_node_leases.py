"""A worker that sleeps past its lease: others take over what it held, and it leaves that to them."""

import time

import pytest

from strongback.testing.answer import Answer
from tests.faults.hub import until
from tests.faults.nodes import LEASE, RETAKEN, Nodes
from tests.faults.report import Report

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_worker_sleeps_past_its_lease(nodes: Nodes, report: Report) -> None:
    nodes.hook("/a")
    nodes.receiver.script("/a", [Answer(200, "{}", delay=0.2)])
    sleeper = nodes.nodes[2]
    with nodes.posting(2):
        nodes.receiver.wait(nodes.receiver.count + 20, timeout=30)
        held = "SELECT count(DISTINCT worker) AS many FROM outbox WHERE state = 'sending'"
        until(lambda: nodes.cluster.execute("chat", held)[0]["many"] == len(nodes.nodes), 30)
        sleeper.pause()
        nodes.disturb()
    slept = time.monotonic()
    until(lambda: time.monotonic() > slept + LEASE, LEASE + 30)
    assert set(nodes.ended(RETAKEN)) == {"delivered"}, "the others have retaken what it held"
    before = nodes.recorded()
    arrived = nodes.receiver.count
    nodes.disturb()
    sleeper.resume()
    until(lambda: sleeper.send("GET", "/readyz").status == 200, 30)
    nodes.say("the last one")
    assert set(nodes.ended()) == {"delivered"}
    assert before <= nodes.recorded()
    late = nodes.receiver.count - arrived
    assert late <= 1 + 4, "it sends nothing of what it held, but for what it had begun"
    nodes.settled(report, "worker paused past its lease", "/a")
