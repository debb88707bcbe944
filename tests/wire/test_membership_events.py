"""What an outgoing integration is told of people who come and go (spec/06 B1, B2), over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from strongback.testing.receiver import Receiver
from tests.wire.conftest import calm
from tests.wire.making import post
from tests.wire.outgoing import Group
from tests.wire.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("membership-events"), "--dev")
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def told(group: Group, count: int) -> list[tuple[Any, ...]]:
    return [
        (one["user_name"], one["channel_id"], one["user"]["username"], one["bot"])
        for one in group.told(count)
    ]


def test_who_comes(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, event="roomJoined")
    dora = server.create_user("dora")
    post(server.admin, "groups.invite", {"roomId": group.id, "usernames": ["dora", "rocket.cat", "nobody"]})
    [first] = group.told(1)
    assert first["channel_name"] == group.name
    assert first["user"]["_id"] == first["user_id"] == dora.headers["X-User-Id"]
    assert (first["room"]["_id"], "lastMessage" in first["room"]) == (group.id, False)
    assert "services" not in first["user"]
    assert first["timestamp"].endswith("Z")
    post(dora, "groups.leave", {"roomId": group.id})
    post(server.admin, "groups.addAll", {"roomId": group.id})
    server.create_user("emma")
    post(server.admin, "groups.invite", {"roomId": group.id, "username": "emma"})
    assert sorted(told(group, 3)) == [
        ("dora", group.id, "dora", False),
        ("dora", group.id, "dora", False),
        ("emma", group.id, "emma", False),
    ]


def test_who_leaves_and_not_who_is_put_out(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, event="roomLeft")
    frida, gina = server.create_user("frida"), server.create_user("gina")
    post(server.admin, "groups.invite", {"roomId": group.id, "usernames": ["frida", "gina"]})
    post(server.admin, "groups.kick", {"roomId": group.id, "username": "frida"})
    post(gina, "groups.leave", {"roomId": group.id})
    assert told(group, 1) == [("gina", group.id, "gina", False)]
    refused = frida.post("/api/v1/groups.leave", json={"roomId": group.id})
    assert refused.status_code == 400
    post(server.admin, "groups.invite", {"roomId": group.id, "username": "frida"})
    post(frida, "groups.leave", {"roomId": group.id})
    assert [one[0] for one in told(group, 2)] == ["gina", "frida"]
