"""Clients run on both loops: asyncio's own, and the server's uvloop."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from strongback.egress.client import Client, Policy

Connect = Callable[..., Client]


@pytest.fixture(scope="session", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Make clients, by default of this machine, and close them."""
    clients: list[Client] = []

    def make(policy: Policy | None = None, **options: Any) -> Client:
        clients.append(Client(policy or Policy(loopback=True), **options))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()
