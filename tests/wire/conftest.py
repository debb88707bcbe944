"""Servers for tests that speak HTTP only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import stores
from tests.wire.server import Server

StartServer = Callable[..., Server]


def calm(server: Server) -> Server:
    """Turn the rate limiter off, so that ordinary users may call as often as a test needs."""
    answer = server.admin.post("/api/v1/settings/API_Enable_Rate_Limiter", json={"value": False})
    answer.raise_for_status()
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a file."""
    running = Server.start(tmp_path_factory.mktemp("server"))
    try:
        yield calm(running)
    finally:
        running.stop()


@contextmanager
def another(server: Server, folder: Path, *flags: str) -> Iterator[Server]:
    """Another node on the database of a server; on SQLite, where there is but one, the server itself."""
    if stores.run.store == "sqlite":
        yield server
        return
    running = Server.start(folder, *flags, database=server.database)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def other(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Another node on the database of `server`, where the store has several."""
    with another(server, tmp_path_factory.mktemp("other")) as node:
        yield node


@pytest.fixture(scope="module")
def test_mode_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server started with TEST_MODE=true, for the tests of a file."""
    running = Server.start(tmp_path_factory.mktemp("test-mode"), TEST_MODE="true")
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers of a test's own: `start_server(TEST_MODE="true")`, `start_server(folder=...)`."""
    running: list[Server] = []

    def start(*flags: str, folder: Path | None = None, database: str | None = None, **env: str) -> Server:
        started = Server.start(folder or tmp_path / "server", *flags, database=database, **env)
        running.append(started)
        return started

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()
