"""Servers with several workers, on PostgreSQL."""

import os
import signal
from pathlib import Path

import httpx

from tests.cli.processes import children, frozen, until
from tests.stores import database_url
from tests.wire.server import PATIENCE, Server

WORKERS = 3


def start(folder: Path, **env: str) -> Server:
    """Start a server on the PostgreSQL database of a folder."""
    url = database_url(folder, "postgres")
    return Server.start(folder, "--workers", str(WORKERS), "--dev", database=url, **env)


def workers(server: Server) -> list[int]:
    """The processes that serve."""
    return children(server.process.pid)


def kill(server: Server, pid: int) -> int:
    """Kill a worker; the one in its place, once it answers."""
    others = set(workers(server)) - {pid}
    os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(workers(server)) - others - {pid}) == 1)
    (new,) = set(workers(server)) - others
    with frozen(others):
        assert ready(server.url, PATIENCE)
    return new


def ready(url: str, seconds: float = 1.0) -> bool:
    """Whether requests are welcome."""
    try:
        return httpx.get(f"{url}/readyz", timeout=seconds).status_code == 200
    except httpx.HTTPError:
        return False
