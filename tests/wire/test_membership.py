"""Going out of groups and channels: kick and leave (spec/04), over HTTP."""

from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.membership import (
    API,
    LAST_OWNER,
    NO_CHANNEL,
    NO_GROUP,
    NO_USER,
    NO_USER_GIVEN,
    NOT_ALLOWED,
    NOT_GIVEN,
    People,
    granted,
    names,
    people,
    refused,
    said,
)
from tests.wire.server import Server


@pytest.fixture(scope="module")
def them(server: Server) -> People:
    return people(server)


# kick


@pytest.mark.parametrize("by", ["userId", "username", "user"])
@pytest.mark.parametrize(("key", "member"), [("roomId", "_id"), ("roomName", "name")])
def test_kick(them: People, by: str, key: str, member: str) -> None:
    group = them.room()
    body = {key: group[member], by: them.id("mick") if by == "userId" else "MICK"}
    assert post(them.olga, "groups.kick", body) == {"success": True}
    assert names(them.olga, group) == ["olga"]
    assert said(them.olga, group) == [("ru", "mick", "olga")]


def test_who_is_kicked_reads_and_writes_nothing_more(them: People) -> None:
    group = them.room()
    message = post(them.olga, "chat.postMessage", {"roomId": group["_id"], "text": "secret"})["message"]
    post(them.olga, "groups.addOwner", {"roomId": group["_id"], "username": "mick"})
    post(them.olga, "groups.kick", {"roomId": group["_id"], "username": "mick"})
    for path in ("messages", "history", "members", "roles", "moderators"):
        answer = them.mick.get(f"{API}/groups.{path}", params={"roomId": group["_id"]})
        refused(answer, NO_GROUP)
    asked = them.mick.get(f"{API}/groups.online", params={"_id": group["_id"]})
    refused(asked, "Not Allowed [error-not-allowed]")
    read = them.mick.get(f"{API}/chat.getMessage", params={"msgId": message["_id"]})
    assert "secret" not in read.text
    written = them.mick.post(f"{API}/chat.postMessage", json={"roomId": group["_id"], "text": "x"})
    refused(written, "error-not-allowed")
    for path, body, error in (
        ("groups.invite", {"username": "nora"}, NOT_ALLOWED),
        ("groups.kick", {"username": "olga"}, NOT_ALLOWED),
        ("groups.leave", {}, NO_GROUP),
        ("groups.addOwner", {"username": "mick"}, NO_GROUP),
        ("groups.removeOwner", {"username": "olga"}, NO_GROUP),
        ("groups.addAll", {}, NO_GROUP),
    ):
        answer = them.mick.post(f"{API}/{path}", json={"roomId": group["_id"], **body})
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    post(them.olga, "groups.invite", {"roomId": group["_id"], "username": "mick"})
    answer = them.mick.post(f"{API}/groups.kick", json={"roomId": group["_id"], "username": "olga"})
    refused(answer, NOT_ALLOWED, method="removeUserFromRoom")  # the ownership is not given back


@pytest.mark.parametrize(
    ("who", "body", "error"),
    [
        ("olga", {}, NOT_GIVEN),
        ("olga", {"roomId": "", "roomName": ""}, NOT_GIVEN),
        ("olga", {"roomId": "no-such-room"}, NO_GROUP),
        ("olga", {"roomId": "", "username": "mick"}, NO_GROUP),
        ("olga", {"roomId": "GENERAL", "username": "mick"}, NO_GROUP),
        ("olga", {"room": True}, NO_USER_GIVEN),
        ("olga", {"room": True, "userId": " ", "username": ""}, NO_USER_GIVEN),
        ("olga", {"room": True, "username": "nobody-there"}, NO_USER),
        ("olga", {"room": True, "userId": "mick"}, NO_USER),
        ("nora", {"room": True, "username": "nobody-there"}, NO_USER),
        ("mick", {"room": True, "username": "olga"}, NOT_ALLOWED),
        ("mick", {"room": True, "username": "mick"}, NOT_ALLOWED),
        ("nora", {"room": True, "username": "mick"}, NOT_ALLOWED),
        ("admin", {"room": True, "username": "mick"}, NO_GROUP),
        ("olga", {"room": True, "username": "nora"}, "User is not in this room [error-user-not-in-room]"),
        ("olga", {"room": True, "username": "olga"}, LAST_OWNER),
    ],
)
def test_kick_refuses(them: People, who: str, body: dict[str, Any], error: str) -> None:
    group, body, client = them.room(), dict(body), getattr(them, who)
    if body.pop("room", False):
        body["roomId"] = group["_id"]
    answer: httpx.Response = client.post(f"{API}/groups.kick", json=body)
    here = error in (NOT_ALLOWED, LAST_OWNER) or "not in this room" in error
    refused(answer, error, **({"method": "removeUserFromRoom"} if here else {}))
    assert names(them.olga, group) == ["mick", "olga"]
    assert said(them.olga, group) == []


def test_who_may_kick_from_any_group_says_nothing_twice(them: People) -> None:
    group = them.room()
    body = {"roomId": group["_id"], "username": "mick"}
    with granted(them.server, "kick-user-from-any-p-room", "admin"):
        assert post(them.admin, "groups.kick", body) == {"success": True}
        assert post(them.admin, "groups.kick", body) == {"success": True}
        last = them.admin.post(f"{API}/groups.kick", json=body | {"username": "olga"})
    refused(last, LAST_OWNER, method="removeUserFromRoom")
    assert said(them.olga, group) == [("ru", "mick", "admin")]
    assert names(them.olga, group) == ["olga"]


def test_kick_from_a_channel(them: People) -> None:
    channel = them.room("channels")
    body = {"roomId": channel["_id"], "username": "mick"}
    refused(them.nora.post(f"{API}/channels.kick", json=body), NOT_ALLOWED, method="removeUserFromRoom")
    refused(them.olga.post(f"{API}/channels.kick", json={"username": "mick"}), NO_CHANNEL)
    answer = post(them.olga, "channels.kick", body)
    assert (answer["channel"]["usersCount"], answer["channel"]["msgs"]) == (1, 1)
    assert names(them.olga, channel, "channels") == ["olga"]
    assert post(them.admin, "channels.kick", body)["channel"]["msgs"] == 1


# leave


def test_leave(them: People) -> None:
    group = them.room()
    assert post(them.mick, "groups.leave", {"roomName": group["name"]}) == {"success": True}
    assert said(them.olga, group) == [("ul", "mick", "mick")]
    assert names(them.olga, group) == ["olga"]
    refused(them.mick.post(f"{API}/groups.leave", json={"roomId": group["_id"]}), NO_GROUP)


def test_the_last_owner_stays(them: People) -> None:
    group = them.room()
    leave = {"roomId": group["_id"]}
    refused(them.olga.post(f"{API}/groups.leave", json=leave), LAST_OWNER, method="leaveRoom")
    post(them.olga, "groups.addOwner", leave | {"username": "mick"})
    post(them.olga, "groups.leave", leave)
    refused(them.mick.post(f"{API}/groups.leave", json=leave), LAST_OWNER, method="leaveRoom")
    assert names(them.mick, group) == ["mick"]


@pytest.mark.parametrize(
    ("body", "error"),
    [({}, NOT_GIVEN), ({"roomId": ""}, NO_GROUP), ({"roomName": "general"}, NO_GROUP)],
)
def test_leave_refuses(them: People, body: dict[str, Any], error: str) -> None:
    refused(them.mick.post(f"{API}/groups.leave", json=body), error)


def test_leave_takes_the_permission(them: People) -> None:
    group = them.room()
    with granted(them.server, "leave-p", "admin"):
        answer = them.mick.post(f"{API}/groups.leave", json={"roomId": group["_id"]})
    refused(answer, NOT_ALLOWED, method="leaveRoom")
    assert names(them.mick, group) == ["mick", "olga"]


def test_who_sees_a_discussion_through_its_parent_is_not_in_it(them: People) -> None:
    parent = them.room()
    talk = them.room("groups", "nora", prid=parent["_id"])
    error = "You are not in this room [error-user-not-in-room]"
    refused(them.mick.post(f"{API}/groups.leave", json={"roomId": talk["_id"]}), error, method="leaveRoom")


def test_leave_a_channel(them: People) -> None:
    channel = them.room("channels")
    left = post(them.mick, "channels.leave", {"roomId": channel["_id"]})["channel"]
    assert (left["usersCount"], left["msgs"]) == (1, 1)
    error = "You are not in this room [error-user-not-in-room]"
    refused(
        them.mick.post(f"{API}/channels.leave", json={"roomId": channel["_id"]}), error, method="leaveRoom"
    )
    refused(
        them.olga.post(f"{API}/channels.leave", json={"roomId": channel["_id"]}),
        LAST_OWNER,
        method="leaveRoom",
    )
    with granted(them.server, "leave-c", "admin"):
        answer = them.olga.post(f"{API}/channels.leave", json={"roomId": channel["_id"]})
    refused(answer, NOT_ALLOWED, method="leaveRoom")


# archived rooms


@pytest.fixture(scope="module")
def archived(them: People) -> dict[str, dict[str, Any]]:
    """A group and a channel that are archived, by the start of their paths."""
    found = {prefix: them.room(prefix) for prefix in ("groups", "channels")}
    for prefix, room in found.items():
        post(them.olga, f"{prefix}.archive", {"roomId": room["_id"]})
    return found


@pytest.mark.parametrize(
    "path",
    [
        *("invite", "kick", "leave", "addAll"),
        *(f"{verb}{role}" for verb in ("add", "remove") for role in ("Owner", "Moderator", "Leader")),
    ],
)
@pytest.mark.parametrize("prefix", ["groups", "channels"])
def test_an_archived_room_stays_as_it_is(
    them: People, archived: dict[str, dict[str, Any]], prefix: str, path: str
) -> None:
    room = archived[prefix]
    answer = them.olga.post(f"{API}/{prefix}.{path}", json={"roomId": room["_id"], "username": "mick"})
    called = "private group" if prefix == "groups" else "channel"
    refused(answer, f"The {called}, {room['name']}, is archived [error-room-archived]")


def test_what_is_read_of_an_archived_room(them: People, archived: dict[str, dict[str, Any]]) -> None:
    group, channel = archived["groups"], archived["channels"]
    for path in ("members", "roles", "moderators"):
        answer = them.olga.get(f"{API}/groups.{path}", params={"roomId": group["_id"]})
        refused(answer, f"The private group, {group['name']}, is archived [error-room-archived]")
        answer = them.nora.get(f"{API}/groups.{path}", params={"roomId": group["_id"]})
        refused(answer, NO_GROUP)
    assert names(them.nora, channel, "channels") == ["mick", "olga"]
    answer = them.nora.post(f"{API}/channels.join", json={"roomId": channel["_id"]})
    refused(answer, f"The channel, {channel['name']}, is archived [error-room-archived]")
    body = {"roomId": group["_id"], "username": "mick"}
    refused(them.nora.post(f"{API}/groups.invite", json=body), NOT_ALLOWED, method="addUsersToRoom")
    refused(them.nora.post(f"{API}/groups.kick", json=body), NOT_ALLOWED, method="removeUserFromRoom")


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"{prefix}.{name}"
            for prefix in ("groups", "channels")
            for name in ("invite", "addAll", "kick", "leave")
        ),
        "channels.join",
    ],
)
def test_everything_needs_a_login(server: Server, path: str) -> None:
    with server.anonymous() as nobody:
        assert nobody.post(f"{API}/{path}", json={"roomId": "GENERAL"}).status_code == 401
