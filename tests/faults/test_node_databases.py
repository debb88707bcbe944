"""Three nodes while PostgreSQL is restarted or killed: nothing accepted is lost."""

from functools import partial

import pytest

from tests.faults.hub import until
from tests.faults.nodes import Nodes
from tests.faults.report import Report

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]


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
    nodes.settled(report, "PostgreSQL restarted" if how == "stop" else "PostgreSQL killed -9", "/a")
