"""A server, and people who talk to it with the clients that they already have."""

from collections.abc import Iterator
from typing import Any

import pytest
from rocketchat_API.rocketchat import RocketChat

from tests.wire.conftest import StartServer, calm, start_server
from tests.wire.server import ADMIN, ADMIN_PASSWORD, Server

__all__ = ["StartServer", "people", "server", "start_server"]


class People:
    """Accounts of a server, and rocketchat-API as each of them uses it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._clients: list[Any] = []
        self.admin = self.client(ADMIN, ADMIN_PASSWORD)

    def client(self, user: str | None = None, password: str | None = None) -> Any:
        """The client as one logs in with it, or before that; the password is `pw-<user>` unless given."""
        if user is not None:
            password = password or f"pw-{user}"
        client = RocketChat(user, password, server_url=self.server.url)
        self._clients.append(client)
        return client

    def create(self, *names: str) -> list[Any]:
        """Let the administrator create accounts; they log in."""
        for name in names:
            self.admin.users_create(f"{name}@example.com", name.title(), f"pw-{name}", name)
        return [self.client(name) for name in names]

    def close(self) -> None:
        """Close what the clients keep open."""
        for client in self._clients:
            client.session.close()


def id_of(client: Any) -> str:
    """The user id that a client logged in with."""
    found: str = client.headers["X-User-Id"]
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a file; it calls receivers on this machine, and what is off by default is on."""
    allowed = {"CREATE_TOKENS_FOR_USERS": "true", "STRONGBACK_CUSTOM_ROLES": "true"}
    running = Server.start(tmp_path_factory.mktemp("server"), "--dev", **allowed)
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[People]:
    """The accounts of that server."""
    them = People(server)
    yield them
    them.close()
