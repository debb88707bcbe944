"""What the tests of faults use."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from strongback.testing.receiver import Receiver
from strongback.testing.server import Server
from tests.faults.hub import Hub
from tests.faults.nodes import Nodes, three_nodes
from tests.faults.report import Report, reporter
from tests.faults.world import World, running
from tests.stores import needing_postgres

StartHub = Callable[..., Hub]


@pytest.fixture
def start_hub(tmp_path: Path) -> Iterator[StartHub]:
    """Start a hub whose server has settings of its own: `start_hub(TEST_MODE="true")`."""
    with ExitStack() as running:

        def start(**env: str) -> Hub:
            receiver = running.enter_context(Receiver())
            return Hub(running.enter_context(Server(tmp_path, env=env)), receiver)

        yield start


@pytest.fixture
def hub(start_hub: StartHub) -> Hub:
    """A real server that may be killed, and its receiver."""
    return start_hub()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """Three nodes that answer and deliver."""
    with needing_postgres(), three_nodes(tmp_path) as started:
        yield started


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The parts of a server in this process, on clocks that the test moves."""
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """Hands in the line of a fault."""
    return reporter(record_property)
