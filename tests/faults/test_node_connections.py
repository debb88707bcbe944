"""Three nodes, and the way to PostgreSQL fails: at random, or for one of them for half a minute."""

import random
import time

import pytest

from tests.faults.hub import until
from tests.faults.nodes import Nodes
from tests.faults.report import Report

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]


def test_connections_are_dropped_at_random(nodes: Nodes, report: Report) -> None:
    chosen, dropped = random.Random(3), 0
    nodes.hook("/a")
    with nodes.posting(6):
        for _ in range(12):
            nodes.receiver.wait(nodes.receiver.count + chosen.randint(5, 40), timeout=60)
            nodes.disturb()
            dropped += chosen.choice(nodes.nodes).proxy.drop()
            nodes.disturb()
        nodes.receiver.wait(nodes.receiver.count + 40, timeout=60)
    assert dropped > 12, "more than one at a time"
    nodes.settled(report, "connections dropped", "/a")


def test_a_node_is_cut_off_for_half_a_minute(nodes: Nodes, report: Report) -> None:
    nodes.hook("/a")
    lost = nodes.nodes[1]
    with nodes.posting(6):
        nodes.receiver.wait(nodes.receiver.count + 60, timeout=30)
        nodes.disturb()
        lost.proxy.cut()
        cut, before = time.monotonic(), nodes.receiver.count
        until(lambda: lost.send("GET", "/readyz").status == 503, 10)
        until(lambda: time.monotonic() > cut + 30, 40)
        assert nodes.receiver.count > before + 60, "the others went on"
        assert nodes.statuses[503] > 0
        nodes.disturb()
        lost.proxy.mend()
        until(lambda: lost.send("GET", "/readyz").status == 200, 30)
    nodes.settled(report, "one cut off from PostgreSQL for 30 s", "/a")
