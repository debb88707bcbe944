"""Three nodes on PostgreSQL: nodes, the database and the way between them fail, and nothing accepted is lost."""

import random
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from strongback.testing.answer import Answer
from tests.faults.hub import until
from tests.faults.nodes import Nodes, three_nodes
from tests.faults.report import Report
from tests.stores import needing_postgres

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]

LEASE = 60.0
RETAKEN = LEASE + 60.0
"""By when what a lost worker held has been sent by another: its lease, the next look, the sending."""


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """Three nodes that answer and deliver."""
    with needing_postgres(), three_nodes(tmp_path) as started:
        yield started


def settled(nodes: Nodes, report: Report, fault: str, *paths: str) -> None:
    """Wait until nothing is owed any more, then judge."""
    assert set(nodes.ended(RETAKEN)) == {"delivered"}
    assert set(nodes.statuses) <= {200, 503}, nodes.statuses
    report(f"three nodes: {fault}", nodes.oracle.judge(nodes.receiver.requests, *paths))


def test_nodes_are_killed_under_load(nodes: Nodes, report: Report) -> None:
    chosen = random.Random(7)
    nodes.hook("/a")
    nodes.hook("/b")
    nodes.receiver.script("/b", [Answer(200, "{}", delay=0.01)])
    with nodes.posting(6):
        for node in nodes.nodes:
            nodes.receiver.wait(nodes.receiver.count + chosen.randint(20, 150), timeout=30)
            nodes.kill_node(node)
            nodes.receiver.wait(nodes.receiver.count + 20, timeout=30)
            node.start()
    settled(nodes, report, "kill -9 of each in turn", "/a", "/b")


def test_posters_insist_with_a_key_on_whichever_node_answers(nodes: Nodes, report: Report) -> None:
    nodes.hook("/a")
    with nodes.posting(6, patient=True):
        for node in nodes.nodes:
            nodes.receiver.wait(nodes.receiver.count + 40, timeout=30)
            nodes.kill_node(node)
            nodes.nodes[nodes.nodes.index(node) - 1].proxy.drop()
            nodes.disturb()
            node.start()
        nodes.receiver.wait(nodes.receiver.count + 40, timeout=30)
    settled(nodes, report, "posters insist with a key", "/a")
    assert sorted(nodes.messages()) == sorted(nodes.oracle.accepted)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_database_goes_and_comes_back(nodes: Nodes, report: Report, how: str) -> None:
    nodes.hook("/a")
    with nodes.posting(6):
        for _ in range(2):
            nodes.receiver.wait(nodes.receiver.count + 60, timeout=30)
            nodes.disturb()
            nodes.cluster.stop() if how == "stop" else nodes.cluster.kill()
            until(partial(nodes.refused_since, nodes.statuses[503], 10), 30)
            nodes.disturb()
            nodes.cluster.start_again()
            nodes.disturb()
        nodes.receiver.wait(nodes.receiver.count + 60, timeout=30)
    settled(nodes, report, "PostgreSQL restarted" if how == "stop" else "PostgreSQL killed -9", "/a")


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
    settled(nodes, report, "connections dropped", "/a")


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
    settled(nodes, report, "one cut off from PostgreSQL for 30 s", "/a")


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
    settled(nodes, report, "worker paused past its lease", "/a")
