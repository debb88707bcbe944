"""Owners, moderators and leaders of groups and channels (spec/04), over HTTP."""

from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.membership import (
    API,
    NO_CHANNEL,
    NO_GROUP,
    NO_USER,
    NO_USER_GIVEN,
    NOT_ALLOWED,
    NOT_GIVEN,
    People,
    granted,
    people,
    refused,
    said,
)
from tests.wire.server import Server

ROLES = ("Owner", "Moderator", "Leader")
CALLED = {"Owner": "an owner", "Moderator": "a moderator", "Leader": "a leader"}
NOT_IN_ROOM = "User is not in this room [error-user-not-in-room]"


@pytest.fixture(scope="module")
def them(server: Server) -> People:
    return people(server)


def roles(client: httpx.Client, room: dict[str, Any], prefix: str = "groups") -> list[tuple[str, list[str]]]:
    """Who has which roles in a room."""
    answer = client.get(f"{API}/{prefix}.roles", params={"roomId": room["_id"]}).raise_for_status().json()
    assert all(one["rid"] == room["_id"] for one in answer["roles"])
    return [(one["u"]["username"], one["roles"]) for one in answer["roles"]]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("prefix", ["groups", "channels"])
def test_a_role_is_given_and_taken(them: People, prefix: str, role: str) -> None:
    room, id, called = them.room(prefix), role.lower(), CALLED[role]
    body = {"roomId": room["_id"], "userId": them.id("mick")}
    assert post(them.olga, f"{prefix}.add{role}", body) == {"success": True}
    assert roles(them.olga, room, prefix) == [("mick", [id]), ("olga", ["owner"])]
    refused(
        them.olga.post(f"{API}/{prefix}.add{role}", json=body),
        f"User is already {called} [error-user-already-{id}]",
        method=f"addRoom{role}",
    )
    assert post(them.olga, f"{prefix}.remove{role}", body) == {"success": True}
    refused(
        them.olga.post(f"{API}/{prefix}.remove{role}", json=body),
        f"User is not {called} [error-user-not-{id}]",
        method=f"removeRoom{role}",
    )
    assert roles(them.olga, room, prefix) == [("olga", ["owner"])]
    assert said(them.olga, room, prefix) == [
        ("subscription-role-added", "mick", "olga", id),
        ("subscription-role-removed", "mick", "olga", id),
    ]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_roles_are_refused(them: People, verb: str, role: str) -> None:
    group, path = them.room(), f"{API}/groups.{verb}{role}"
    here = {"roomId": group["_id"]}
    for body, error in (
        ({}, NOT_GIVEN),
        ({"roomId": "no-such-room", "username": "mick"}, NO_GROUP),
        ({"roomId": "GENERAL", "username": "mick"}, NO_GROUP),
        (here, NO_USER_GIVEN),
        (here | {"username": "nobody-there"}, NO_USER),
    ):
        refused(them.olga.post(path, json=body), error)
    channel = them.olga.post(f"{API}/channels.{verb}{role}", json=here | {"username": "mick"})
    refused(channel, NO_CHANNEL)
    method = f"{verb}Room{role}"
    refused(them.olga.post(path, json=here | {"username": "nora"}), NOT_IN_ROOM, method=method)
    refused(them.mick.post(path, json=here | {"username": "mick"}), NOT_ALLOWED, method=method)
    for outsider in (them.nora, them.admin):
        refused(outsider.post(path, json=here | {"username": "mick"}), NO_GROUP)
    post(them.olga, "groups.addModerator", here | {"username": "mick"})
    refused(them.mick.post(path, json=here | {"username": "olga"}), NOT_ALLOWED, method=method)


def test_the_last_owner_keeps_the_role(them: People) -> None:
    group = them.room()
    body = {"roomId": group["_id"], "username": "olga"}
    last = (
        "This is the last owner. Please set a new owner before removing this one. [error-remove-last-owner]"
    )
    refused(them.olga.post(f"{API}/groups.removeOwner", json=body), last, method="removeRoomOwner")
    post(them.olga, "groups.addOwner", body | {"username": "mick"})
    post(them.olga, "groups.removeOwner", body)
    assert roles(them.mick, group) == [("mick", ["owner"])]
    refused(
        them.olga.post(f"{API}/groups.removeOwner", json=body | {"username": "mick"}),
        NOT_ALLOWED,
        method="removeRoomOwner",
    )


def test_the_last_owner_keeps_the_role_whichever_way_it_is_taken(them: People) -> None:
    group = them.room()
    body = {"roleId": "owner", "username": "olga", "scope": group["_id"]}
    last = (
        "This is the last owner. Please set a new owner before removing this one. [error-remove-last-owner]"
    )
    refused(them.admin.post(f"{API}/roles.removeUserFromRole", json=body), last)
    post(them.admin, "roles.addUserToRole", {"roleId": "owner", "username": "mick", "roomId": group["_id"]})
    post(them.admin, "roles.removeUserFromRole", body)
    assert roles(them.mick, group) == [("mick", ["owner"])]


def test_several_roles_at_once(them: People) -> None:
    group = them.room("groups", "mick", "nora")
    for role, username in (("Leader", "nora"), ("Moderator", "nora"), ("Moderator", "mick")):
        post(them.olga, f"groups.add{role}", {"roomName": group["name"], "user": username})
    assert roles(them.nora, group) == [
        ("mick", ["moderator"]),
        ("nora", ["leader", "moderator"]),
        ("olga", ["owner"]),
    ]
    answer = them.mick.get(f"{API}/groups.moderators", params={"roomName": group["name"]}).json()
    assert answer == {
        "moderators": [
            {"_id": them.id("mick"), "username": "mick", "name": "Mick"},
            {"_id": them.id("nora"), "username": "nora", "name": "Nora"},
        ],
        "success": True,
    }
    for path in ("roles", "moderators"):
        refused(them.mick.get(f"{API}/groups.{path}"), NOT_GIVEN)
        refused(them.mick.get(f"{API}/groups.{path}", params={"roomId": "GENERAL"}), NO_GROUP)
        refused(them.mick.get(f"{API}/channels.{path}"), NO_CHANNEL)


def test_who_has_a_role_as_it_is_answered(them: People) -> None:
    group = them.room()
    answer = them.mick.get(f"{API}/groups.roles", params={"roomId": group["_id"]}).json()
    (owner,) = answer["roles"]
    assert owner.keys() == {"_id", "rid", "u", "roles"}
    assert owner["u"] == {"_id": them.id("olga"), "username": "olga", "name": "Olga"}


def test_a_permission_makes_roles_matter(them: People) -> None:
    group = them.room()
    post(them.olga, "groups.addLeader", {"roomId": group["_id"], "username": "mick"})
    body = {"roomId": group["_id"], "username": "olga"}
    with granted(them.server, "set-leader", "leader"):
        post(them.mick, "groups.addLeader", body)
        refused(
            them.olga.post(f"{API}/groups.removeLeader", json=body | {"username": "nora"}),
            NOT_IN_ROOM,
            method="removeRoomLeader",
        )
    assert roles(them.mick, group) == [("mick", ["leader"]), ("olga", ["owner", "leader"])]
