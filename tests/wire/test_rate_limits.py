"""A rate limit holds over two nodes on one PostgreSQL, a second later at most."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.stores import database_url
from tests.wire.server import Server

pytestmark = pytest.mark.once

CALLS = 200
"""A node that knows of no other one would let through so many calls of its own."""
BETWEEN_CALLS = 0.05
PATIENCE = 40.0


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    folder = tmp_path_factory.mktemp("two")
    running = [start(folder / name, database_url(folder, "postgres")) for name in ("one", "other")]
    default = "/api/v1/settings/API_Enable_Rate_Limiter_Limit_Calls_Default"
    running[0].admin.post(default, json={"value": CALLS}).raise_for_status()
    yield running[0], running[1]
    for server in running:
        server.stop()


def start(folder: Path, database: str) -> Server:
    return Server.start(folder, database=database, STRONGBACK_HOOKS_RATE=str(CALLS))


def let_through(client: httpx.Client, path: str, wait: float) -> tuple[int, str]:
    """Call until a call is refused; how many were not, and when the window ends."""
    deadline, passed = time.monotonic() + PATIENCE, 0
    while (answer := client.get(path)).status_code != 429:
        passed += 1
        assert time.monotonic() < deadline, f"{passed} calls were let through"
        time.sleep(wait)
    return passed, answer.headers["x-ratelimit-reset"]


@pytest.mark.parametrize("path", ["/api/v1/info", "/hooks/info/unknown/unknown"])
def test_what_one_node_let_through_the_other_does_not_let_through_again(
    two: tuple[Server, Server], path: str
) -> None:
    one, other = (server.anonymous() for server in two)
    passed, _ = let_through(one, path, 0)
    assert passed == CALLS
    passed, end = let_through(other, path, BETWEEN_CALLS)
    assert passed < CALLS / 2
    # Whichever node was the first to share its window, a second later it ends for both at once.
    deadline = time.monotonic() + PATIENCE
    while let_through(one, path, 0)[1] != end:
        assert time.monotonic() < deadline, "the windows of two nodes end at different times"
        time.sleep(BETWEEN_CALLS)
