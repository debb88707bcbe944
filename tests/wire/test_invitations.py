"""Coming into groups and channels: invite, addAll, join (spec/04), over HTTP."""

from typing import Any

import pytest

from tests.wire.making import post
from tests.wire.membership import (
    API,
    NO_CHANNEL,
    NO_GROUP,
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

NO_INVITED = (
    'Please provide "userId" or "username" or "userIds" or "usernames" as param '
    "[error-users-params-not-provided]"
)
NO_VALID = "Cannot invite if no valid users are provided [error-empty-invite-list]"


@pytest.fixture(scope="module")
def them(server: Server) -> People:
    return people(server)


# invite


@pytest.mark.parametrize(("key", "member"), [("roomId", "_id"), ("roomName", "name"), ("roomId", "name")])
@pytest.mark.parametrize("by", ["userId", "username", "user", "userIds", "usernames"])
def test_invite(them: People, by: str, key: str, member: str) -> None:
    group = them.room()
    value: Any = them.id("nora") if by.startswith("userId") else "NORA"
    body = {key: group[member], by: [value] if by.endswith("s") else value}
    answer = post(them.olga, "groups.invite", body)
    assert (answer["group"]["_id"], answer["group"]["name"]) == (group["_id"], group["name"])
    assert (answer["group"]["usersCount"], answer["group"]["msgs"]) == (3, 1)
    assert "lastMessage" not in answer["group"]
    assert names(them.nora, group) == ["mick", "nora", "olga"]
    assert said(them.nora, group) == [("au", "nora", "olga")]


def test_who_is_invited_has_something_to_read(them: People) -> None:
    group = them.room()
    post(them.olga, "chat.postMessage", {"roomId": group["_id"], "text": "before"})
    post(them.olga, "groups.invite", {"roomId": group["_id"], "username": "nora"})
    params = {"userId": them.id("nora"), "fields": '{"userRooms":1}'}
    rooms = them.nora.get(f"{API}/users.info", params=params).json()["user"]["rooms"]
    (mine,) = [one for one in rooms if one["rid"] == group["_id"]]
    assert mine == {"rid": group["_id"], "name": group["name"], "t": "p", "unread": 1}


def test_invite_skips_members_and_those_who_do_not_exist(them: People) -> None:
    group = them.room()
    body = {"roomId": group["_id"], "usernames": ["mick", "nobody-there", "nora", "Nora"], "userId": "nobody"}
    assert post(them.olga, "groups.invite", body)["group"]["usersCount"] == 3
    assert said(them.olga, group) == [("au", "nora", "olga")]
    assert post(them.olga, "groups.invite", body)["group"]["msgs"] == 1
    assert names(them.olga, group) == ["mick", "nora", "olga"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, NOT_GIVEN),
        ({"roomId": "", "roomName": " "}, NOT_GIVEN),
        ({"roomId": " "}, NOT_GIVEN),
        ({"roomId": "no-such-room"}, NO_GROUP),
        ({"roomName": "general", "userId": "rocket.cat"}, NO_GROUP),
        ({"roomId": "GENERAL", "userId": "rocket.cat"}, NO_GROUP),
        ({"room": True}, NO_INVITED),
        ({"room": True, "usernames": [], "userId": ""}, NO_INVITED),
        ({"room": True, "usernames": ["nobody-there"]}, NO_VALID),
        ({"room": True, "userId": "nora"}, NO_VALID),
        (
            {"room": True, "usernames": "nora"},
            'The parameter "usernames" must be a list of strings [error-invalid-params]',
        ),
        (
            {"room": True, "userIds": [5]},
            'The parameter "userIds" must be a list of strings [error-invalid-params]',
        ),
        (
            {"room": True, "userId": {"$ne": ""}},
            'The parameter "userId" must be a string [error-invalid-params]',
        ),
        ({"roomId": {"$ne": ""}}, 'The parameter "roomId" must be a string [error-invalid-params]'),
        ({"room": True, "usernames": ["x"] * 501}, "User Limit Exceeded [error-user-limit-exceeded]"),
    ],
)
def test_invite_refuses(them: People, body: dict[str, Any], error: str) -> None:
    group, body = them.room(), dict(body)
    if body.pop("room", False):
        body["roomId"] = group["_id"]
    refused(them.olga.post(f"{API}/groups.invite", json=body), error)
    assert names(them.olga, group) == ["mick", "olga"]


def test_invite_takes_a_role_in_the_room(them: People) -> None:
    group = them.room()
    body = {"roomId": group["_id"], "username": "nora"}
    for client in (them.mick, them.nora, them.admin):
        refused(client.post(f"{API}/groups.invite", json=body), NOT_ALLOWED, method="addUsersToRoom")
    post(them.olga, "groups.addModerator", {"roomId": group["_id"], "username": "mick"})
    post(them.mick, "groups.invite", body)
    assert names(them.nora, group) == ["mick", "nora", "olga"]


def test_who_may_invite_into_any_group_sees_nothing_of_it(them: People) -> None:
    group = them.room()
    post(them.olga, "chat.postMessage", {"roomId": group["_id"], "text": "between us"})
    body = {"roomId": group["_id"], "username": "nora"}
    with granted(them.server, "add-user-to-any-p-room", "admin"):
        outside = post(them.admin, "groups.invite", body)["group"]
    assert (outside["usersCount"], outside["msgs"]) == (3, 2)
    assert "lastMessage" not in outside
    assert said(them.nora, group) == [("au", "nora", "admin")]
    inside = post(them.olga, "groups.invite", body)["group"]
    assert inside["lastMessage"]["msg"] == "between us"


def test_invite_into_a_channel(them: People) -> None:
    channel = them.room("channels")
    answer = post(them.olga, "channels.invite", {"roomId": channel["_id"], "userId": them.id("nora")})
    assert (answer["channel"]["usersCount"], answer["channel"]["msgs"]) == (3, 1)
    for body, error in (
        ({"username": "nora"}, NO_CHANNEL),
        ({"roomId": them.room()["_id"], "username": "nora"}, NO_CHANNEL),
        ({"roomId": channel["_id"]}, NO_INVITED),
        ({"roomId": channel["_id"], "username": "nobody-there"}, NO_VALID),
    ):
        refused(them.olga.post(f"{API}/channels.invite", json=body), error)
    body = {"roomId": channel["_id"], "username": "rocket.cat"}
    refused(them.mick.post(f"{API}/channels.invite", json=body), NOT_ALLOWED, method="addUsersToRoom")
    assert post(them.admin, "channels.invite", body)["channel"]["usersCount"] == 4


# addAll


def test_add_all(them: People) -> None:
    group = them.room("groups", "mick", "admin")
    body = {"roomId": group["_id"], "activeUsersOnly": "true"}
    refused(them.olga.post(f"{API}/groups.addAll", json=body), NOT_ALLOWED, method="addAllToRoom")
    refused(them.nora.post(f"{API}/groups.addAll", json=body), NO_GROUP)
    everybody = them.admin.get(f"{API}/users.list", params={"count": 0}).json()["users"]
    answer = post(them.admin, "groups.addAll", body)["group"]
    assert answer["usersCount"] == len(everybody) > 4
    assert answer["msgs"] == len(everybody) - 3
    assert names(them.nora, group) == sorted(one["username"] for one in everybody)
    assert ("uj", "nora", "nora") in said(them.nora, group)
    assert post(them.admin, "groups.addAll", body)["group"]["msgs"] == len(everybody) - 3


@pytest.mark.parametrize("active", [True, 1, 0, "false", None])
def test_add_all_to_a_channel(them: People, active: Any) -> None:
    channel = them.room("channels")
    body = {"roomName": channel["name"], "activeUsersOnly": active}
    assert post(them.admin, "channels.addAll", body)["channel"]["usersCount"] > 4


def test_add_all_has_a_limit(them: People) -> None:
    channel = them.room("channels")
    them.admin.post(f"{API}/settings/API_User_Limit", json={"value": 3}).raise_for_status()
    try:
        answer = them.admin.post(f"{API}/channels.addAll", json={"roomId": channel["_id"]})
    finally:
        them.admin.post(f"{API}/settings/API_User_Limit", json={"value": 500}).raise_for_status()
    refused(answer, "User Limit Exceeded [error-user-limit-exceeded]")
    for body, error in (({}, NO_CHANNEL), ({"roomId": channel["_id"], "activeUsersOnly": "x"}, None)):
        answer = them.admin.post(f"{API}/channels.addAll", json=body)
        assert answer.status_code == 400
        assert error is None or answer.json()["error"] == error


# join


def test_join(them: People) -> None:
    channel = them.room("channels")
    for _ in range(2):
        answer = post(them.nora, "channels.join", {"roomName": channel["name"]})
        assert (answer["channel"]["usersCount"], answer["channel"]["msgs"]) == (3, 1)
    assert said(them.nora, channel, "channels") == [("uj", "nora", "nora")]
    assert post(them.nora, "channels.join", {"roomId": "GENERAL"})["channel"]["name"] == "general"


def test_join_refuses(them: People) -> None:
    group, channel = them.room(), them.room("channels")
    for body in ({}, {"roomId": "no-such-room"}, {"roomId": group["_id"]}, {"roomName": ""}):
        refused(them.nora.post(f"{API}/channels.join", json=body), NO_CHANNEL)
    guest = them.server.create_user("gus", roles=["guest"])
    answer = guest.post(f"{API}/channels.join", json={"roomId": channel["_id"]})
    refused(answer, NOT_ALLOWED, method="joinRoom")
    assert names(them.olga, channel, "channels") == ["mick", "olga"]
    unseen = guest.get(f"{API}/channels.members", params={"roomId": channel["_id"]})
    assert (unseen.status_code, unseen.json()) == (403, {"success": False, "error": "unauthorized"})
