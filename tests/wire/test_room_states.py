"""Rooms that are archived, closed, deleted, and what their integrations do then, over HTTP (spec/04)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from strongback.testing.receiver import Receiver
from tests.wire.conftest import calm
from tests.wire.making import incoming, post, reach_bot
from tests.wire.membership import (
    API,
    NO_CHANNEL,
    NO_GROUP,
    NOT_ALLOWED,
    NOT_GIVEN,
    People,
    people,
    refused,
    said,
)
from tests.wire.outgoing import Group, until
from tests.wire.server import Server

NOT_AUTHORIZED = "Not authorized [error-not-authorized]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server that may call back to this machine."""
    running = Server.start(tmp_path_factory.mktemp("states"), "--dev")
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def them(server: Server) -> People:
    reach_bot(server)
    return people(server)


def send(client: httpx.Client, path: str, room: dict[str, Any], **body: Any) -> httpx.Response:
    return client.post(f"{API}/{path}", json={"roomId": room["_id"], **body})


def done(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"success": True})


def info(client: httpx.Client, room: dict[str, Any], prefix: str = "groups") -> dict[str, Any]:
    answer = client.get(f"{API}/{prefix}.info", params={"roomId": room["_id"]}).raise_for_status().json()
    found: dict[str, Any] = answer[prefix.removesuffix("s")]
    return found


# Archive


@pytest.mark.parametrize("path", ["archive", "unarchive", "open", "close", "delete"])
def test_which_group(them: People, path: str) -> None:
    group, channel = them.room(), them.room("channels")
    for which, error in (
        ({}, NOT_GIVEN),
        ({"roomId": "", "roomName": ""}, NOT_GIVEN),
        ({"roomId": ""}, NO_GROUP),
        ({"roomId": "no-such-room", "roomName": group["name"]}, NO_GROUP),
        ({"roomId": channel["_id"]}, NO_GROUP),
    ):
        refused(them.olga.post(f"{API}/groups.{path}", json=which), error)
    for outsider in (them.nora, them.admin):
        refused(send(outsider, f"groups.{path}", group), NO_GROUP)


@pytest.mark.parametrize("prefix", ["groups", "channels"])
def test_archive_and_unarchive(them: People, prefix: str) -> None:
    room = them.room(prefix, "mick", "admin")
    called = "private group" if prefix == "groups" else "channel"
    details = {"method": "archiveRoom"}
    refused(send(them.mick, f"{prefix}.archive", room), NOT_AUTHORIZED, **details)
    done(send(them.olga, f"{prefix}.archive", room))
    assert info(them.mick, room, prefix)["archived"] is True
    archived = f"The {called}, {room['name']}, is archived [error-room-archived]"
    refused(send(them.olga, f"{prefix}.archive", room), archived)
    refused(send(them.olga, f"{prefix}.invite", room, username="nora"), archived)
    refused(send(them.mick, "chat.postMessage", room, text="x"), "room_is_archived")
    refused(send(them.olga, f"{prefix}.unarchive", room), NOT_AUTHORIZED, method="unarchiveRoom")
    done(send(them.admin, f"{prefix}.unarchive", room))
    assert info(them.mick, room, prefix)["archived"] is False
    post(them.mick, "chat.postMessage", {"roomId": room["_id"], "text": "x"})
    assert said(them.olga, room, prefix) == [
        ("room-archived", "", "olga"),
        ("room-unarchived", "", "admin"),
    ]


def test_unarchive_what_is_not_archived(them: People) -> None:
    group, channel = them.room("groups", "admin"), them.room("channels")
    done(send(them.admin, "groups.unarchive", group))
    assert said(them.olga, group) == []
    refused(
        send(them.olga, "channels.unarchive", channel), f"The channel, {channel['name']}, is not archived"
    )
    for path in ("archive", "unarchive", "delete"):
        refused(send(them.olga, f"channels.{path}", group), NO_CHANNEL)


def test_an_archiving_is_told(them: People, server: Server, receiver: Receiver) -> None:
    heard = Group(server, receiver, event="roomArchived", channel="", token="t")
    group = them.room()
    done(send(them.olga, "groups.archive", group))
    (told,) = heard.told()
    assert (told["channel_id"], told["channel_name"], told["user_name"]) == (
        group["_id"],
        group["name"],
        "olga",
    )
    assert (told["room"]["_id"], told["room"]["archived"]) == (group["_id"], True)
    assert "lastMessage" not in told["room"]
    assert "services" not in told["user"]


# Open and close


def test_close_and_open(them: People) -> None:
    group = them.room()

    def shown(client: httpx.Client) -> object:
        which = {"roomId": group["_id"]}
        return client.get(f"{API}/groups.counters", params=which).json()["joined"]

    already_open = f"The private group, {group['name']}, is already open for the sender"
    already_closed = f"The private group, {group['name']}, is already closed to the sender"
    refused(send(them.mick, "groups.open", group), already_open)
    done(send(them.mick, "groups.close", group))
    assert (shown(them.mick), shown(them.olga)) == (False, True)
    refused(send(them.mick, "groups.close", group), already_closed)
    done(send(them.mick, "groups.open", group))
    assert shown(them.mick) is True
    done(send(them.mick, "groups.close", group))
    post(them.mick, "chat.postMessage", {"roomId": group["_id"], "text": "my own"})
    assert shown(them.mick) is False
    post(them.olga, "chat.postMessage", {"roomId": group["_id"], "text": "hello"})
    assert shown(them.mick) is True
    done(send(them.olga, "groups.archive", group))
    refused(send(them.mick, "groups.close", group), already_closed)  # the archive closes it for everybody
    done(send(them.mick, "groups.open", group))


# Delete


def test_delete_takes_everything_along(them: People) -> None:
    group = them.room()
    message = post(them.olga, "chat.postMessage", {"roomId": group["_id"], "text": "gone"})["message"]
    refused(send(them.mick, "groups.delete", group), NOT_ALLOWED, method="eraseRoom")
    done(send(them.olga, "groups.delete", group))
    refused(send(them.olga, "groups.delete", group), NO_GROUP)
    for path in ("info", "messages", "history", "members", "counters"):
        answer = them.olga.get(f"{API}/groups.{path}", params={"roomId": group["_id"]})
        refused(answer, NO_GROUP)
    assert "gone" not in them.olga.get(f"{API}/chat.getMessage", params={"msgId": message["_id"]}).text
    assert send(them.mick, "chat.postMessage", group, text="x").status_code == 400
    listed = them.mick.get(f"{API}/groups.list", params={"count": 0}).json()["groups"]
    assert group["_id"] not in {one["_id"] for one in listed}


def test_a_group_that_went_public_is_deleted_as_a_channel(them: People) -> None:
    group = them.room()
    post(them.olga, "groups.setType", {"roomId": group["_id"], "type": "c"})
    refused(send(them.olga, "groups.delete", group), NO_GROUP)
    refused(send(them.nora, "channels.delete", group), NOT_ALLOWED, method="eraseRoom")
    done(send(them.olga, "channels.delete", group))
    archived = them.room()
    done(send(them.olga, "groups.archive", archived))
    done(send(them.olga, "groups.delete", archived))


# Integrations


def test_messages_go_on_after_a_rename(them: People, server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    hook = incoming(them.admin, "renamed", f"#{group.name}", username="rocket.cat")
    name = f"new-{group.name}"
    post(them.admin, "groups.rename", {"roomId": group.id, "name": name})
    group.post("after the rename")
    (told,) = group.told()
    assert (told["text"], told["channel_name"], told["channel_id"]) == ("after the rename", name, group.id)
    assert group.current()["channel"] == [f"#{name}"]
    post(them.admin, "groups.create", {"name": group.name})  # who takes the old name gets nothing
    called = server.anonymous(check=False).post(
        f"/hooks/{hook['_id']}/{hook['token']}", json={"text": "hooked"}
    )
    assert called.status_code == 200
    asked = {"roomId": group.id, "count": 0}
    texts = [one["msg"] for one in them.admin.get(f"{API}/groups.messages", params=asked).json()["messages"]]
    assert "hooked" in texts


def test_a_deleted_group_disables_what_was_bound_to_it_alone(
    them: People, server: Server, receiver: Receiver
) -> None:
    group, other = Group(server, receiver), Group(server, receiver)
    shared = group.attach(channel=f"#{group.name},#{other.name}", name="shared")
    post(them.admin, "groups.delete", {"roomId": group.id})
    alone = group.current()
    assert (alone["enabled"], alone["disabledReason"], alone["channel"]) == (
        False,
        f"The room #{group.name} was deleted",
        [f"#{group.name}"],
    )
    which = {"roomId": other.id, "includeAllPrivateGroups": "false"}
    found = them.admin.get(f"{API}/groups.getIntegrations", params=which).json()["integrations"]
    by_id = {one["_id"]: one for one in found}
    assert by_id.keys() == {other.integration["_id"], shared["_id"]}
    assert (by_id[shared["_id"]]["channel"], by_id[shared["_id"]]["enabled"]) == ([f"#{other.name}"], True)
    other.post("still told")
    assert len(receiver.wait(1, path=group.path)) == 1  # the shared one calls the first group's path
    body = {name: alone[name] for name in ("type", "name", "username", "event", "urls", "scriptEnabled")}
    body |= {"integrationId": alone["_id"], "channel": f"#{other.name}", "token": "t", "enabled": True}
    again = them.admin.put(f"{API}/integrations.update", json=body).raise_for_status().json()["integration"]
    assert again["enabled"] is True
    assert "disabledReason" not in again
    which = {"roomId": other.id, "count": "0"}
    until(
        lambda: them.admin.get(f"{API}/groups.getIntegrations", params=which).json()["total"] >= 3 or None,
        "three integrations",
    )


def test_a_new_group_of_an_old_name_gets_no_integrations(them: People) -> None:
    group = them.room("groups", "admin")
    incoming(them.admin, "orphan", f"#{group['name']}", username="reach-bot")
    done(send(them.olga, "groups.delete", group))
    again = post(them.admin, "groups.create", {"name": group["name"]})["group"]
    which = {"roomId": again["_id"], "includeAllPrivateGroups": "false"}
    assert them.admin.get(f"{API}/groups.getIntegrations", params=which).json()["total"] == 0


def test_an_account_takes_its_own_room_along(them: People, server: Server) -> None:
    una = server.create_user("una")
    mine = post(una, "groups.create", {"name": "una-alone"})["group"]
    hook = incoming(them.admin, "una-hook", "#una-alone", username="reach-bot")
    body = {"userId": una.headers["X-User-Id"], "confirmRelinquish": True}
    post(them.admin, "users.delete", body)
    found = them.admin.get(f"{API}/integrations.get", params={"integrationId": hook["_id"]}).json()
    assert found["integration"]["enabled"] is False
    assert found["integration"]["disabledReason"] == "The room #una-alone was deleted"
    query = {"query": f'{{"_id":"{mine["_id"]}"}}'}
    assert them.admin.get(f"{API}/groups.listAll", params=query).json()["total"] == 0
