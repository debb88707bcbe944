"""Three nodes on PostgreSQL are killed under load, and nothing accepted is lost."""

import random

import pytest

from strongback.testing.answer import Answer
from tests.faults.nodes import Nodes
from tests.faults.report import Report

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]


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
    nodes.settled(report, "kill -9 of each in turn", "/a", "/b")


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
    nodes.settled(report, "posters insist with a key", "/a")
    assert sorted(nodes.messages()) == sorted(nodes.oracle.accepted)
