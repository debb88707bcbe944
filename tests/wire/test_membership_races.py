"""Two people who change a room's members at the same time: the room is in one consistent state, over HTTP."""

from functools import partial
from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.membership import API, LAST_OWNER, NOT_ALLOWED, People, names, people, said
from tests.wire.server import Server
from tests.wire.test_races import at_once

ROUNDS = 12
NOT_IN_ROOM = (
    "You are not in this room [error-user-not-in-room]",
    "User is not in this room [error-user-not-in-room]",
)


@pytest.fixture(scope="module")
def them(server: Server, other: Server) -> People:
    return people(server, other)


def call(client: httpx.Client, path: str, room: dict[str, Any], **body: Any) -> Any:
    return partial(client.post, f"{API}/{path}", json={"roomId": room["_id"], **body})


def test_of_two_invitations_one_counts(them: People) -> None:
    clients = [at.client("olga") for at in (them.server, them.other, them.other)]
    for _ in range(ROUNDS):
        group = them.room()
        answers = at_once(*(call(client, "groups.invite", group, username="nora") for client in clients))
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert {answer.json()["group"]["usersCount"] for answer in answers} == {3}
        assert said(them.nora, group) == [("au", "nora", "olga")]


def test_a_member_goes_once(them: People) -> None:
    for _ in range(ROUNDS):
        group = them.room()
        kick, leave = (
            call(them.olga, "groups.kick", group, username="mick"),
            call(them.mick, "groups.leave", group),
        )
        kicked, left = at_once(kick, leave)
        assert sorted([kicked.status_code, left.status_code]) == [200, 400]
        lost = left if kicked.status_code == 200 else kicked
        assert lost.json()["error"] in NOT_IN_ROOM or "does not match any group" in lost.json()["error"]
        how = ("ru", "mick", "olga") if kicked.status_code == 200 else ("ul", "mick", "mick")
        assert said(them.olga, group) == [how]
        assert names(them.olga, group) == ["olga"]


def test_of_two_owners_one_stays(them: People) -> None:
    winners = set()
    for _ in range(ROUNDS):
        group = them.room()
        post(them.olga, "groups.addOwner", {"roomId": group["_id"], "username": "mick"})
        answers = at_once(call(them.olga, "groups.leave", group), call(them.mick, "groups.leave", group))
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        (error,) = [answer.json()["error"] for answer in answers if answer.status_code == 400]
        assert error == LAST_OWNER
        stays, name = (them.mick, "mick") if answers[0].status_code == 200 else (them.olga, "olga")
        winners.add(name)
        assert names(stays, group) == [name]
        assert stays.get(f"{API}/groups.roles", params={"roomId": group["_id"]}).json()["roles"][0][
            "roles"
        ] == ["owner"]


def test_owners_who_put_each_other_out(them: People) -> None:
    for _ in range(ROUNDS):
        group = them.room()
        post(them.olga, "groups.addOwner", {"roomId": group["_id"], "username": "mick"})
        answers = at_once(
            call(them.olga, "groups.removeOwner", group, username="mick"),
            call(them.mick, "groups.kick", group, username="olga"),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        (error,) = [answer.json()["error"] for answer in answers if answer.status_code == 400]
        assert error == NOT_ALLOWED or "does not match any group" in error
        client = them.olga if answers[0].status_code == 200 else them.mick
        found = client.get(f"{API}/groups.roles", params={"roomId": group["_id"]}).json()["roles"]
        assert [one["roles"] for one in found] == [["owner"]]


def test_a_role_is_given_once(them: People) -> None:
    clients = [at.client("olga") for at in (them.server, them.other, them.other)]
    for _ in range(ROUNDS):
        group = them.room()
        calls = [call(client, "groups.addModerator", group, username="mick") for client in clients]
        answers = at_once(*calls)
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
        assert said(them.olga, group) == [("subscription-role-added", "mick", "olga", "moderator")]


def test_nobody_comes_into_a_group_that_is_gone(them: People) -> None:
    for _ in range(ROUNDS):
        group = them.room()
        deleted, invited = at_once(
            call(them.olga, "groups.delete", group),
            call(them.other.client("olga"), "groups.invite", group, username="nora"),
        )
        assert deleted.json() == {"success": True}
        assert invited.status_code in (200, 400)
        params = {"userId": them.id("nora"), "fields": '{"userRooms":1}'}
        rooms = them.nora.get(f"{API}/users.info", params=params).json()["user"]["rooms"]
        assert group["_id"] not in {room["rid"] for room in rooms}


def test_who_joins_at_once_joins_once(them: People) -> None:
    clients = [at.client("nora") for at in (them.server, them.other, them.other)]
    for _ in range(ROUNDS):
        channel = them.room("channels")
        answers = at_once(*(call(client, "channels.join", channel) for client in clients))
        assert [answer.json()["channel"]["usersCount"] for answer in answers] == [3, 3, 3]
        assert said(them.nora, channel, "channels") == [("uj", "nora", "nora")]
