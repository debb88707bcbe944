"""A server for the examples, with a private group in which Ada and rocket.cat are."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strongback.testing.client import Client
from strongback.testing.server import Group, Server
from tests.stores import StoreServer

EXAMPLES = Path(__file__).parents[2] / "examples"


class Chat:
    """The group, its member Ada, and the integrations that are attached to it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        person = {"username": "ada", "name": "Ada", "email": "ada@example.com", "password": "pw-ada"}
        server.post("users.create", person)
        login = server.post("login", {"user": "ada", "password": "pw-ada"})["data"]
        self.ada = Client(server.url, {"X-User-Id": login["userId"], "X-Auth-Token": login["authToken"]})
        members = {"name": "launch-control", "members": ["ada", "rocket.cat"]}
        group = server.post("groups.create", members)["group"]
        server.group = Group(group["_id"], group["name"])

    def attach(self, example: str, **members: Any) -> Any:
        """Attach the script of an example to the group; the integration."""
        body = {
            "name": example,
            "enabled": True,
            "username": "rocket.cat",
            "channel": f"#{self.server.group.name}",
            "scriptEnabled": True,
            "script": (EXAMPLES / example / "script.js").read_text(),
            **members,
        }
        return self.server.post("integrations.create", body)["integration"]

    def write(self, text: str) -> Any:
        """Let Ada write in the group; the message."""
        return self.ada.post("chat.postMessage", {"roomId": self.server.group.id, "text": text})["message"]

    def wait(self, wanted: Callable[[Any], bool]) -> Any:
        """Wait for a message that Ada, too, can read."""
        return self.server.wait_for_message(wanted)


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """One group for the tests of a file."""
    with StoreServer(tmp_path_factory.mktemp("server")) as server:
        yield Chat(server)
