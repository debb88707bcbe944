"""People who change a room, or its place in the world, at the same time: one consistent state, over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from tests.wire.making import incoming, post, reach_bot
from tests.wire.membership import API, People, people, said
from tests.wire.server import Server, environment
from tests.wire.test_races import at_once

ROUNDS = 10
NOT_FOUND, ARCHIVED = "error-room-not-found", "error-room-archived"


@pytest.fixture(scope="module")
def them(server: Server, other: Server) -> Iterator[People]:
    """At the end nothing may be damaged, dangling or orphaned but what the tests deleted."""
    reach_bot(server)
    yield people(server, other)
    command = [sys.executable, "-m", "strongback.cli.main", "check", "--json"]
    command += ["--database", server.database]
    found = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    problems = json.loads(found.stdout)["problems"]
    dangling = [line for line in problems if "#races-bound" in line and "names nothing that exists" in line]
    assert problems == dangling


def call(client: httpx.Client, path: str, room: dict[str, Any], **body: Any) -> partial[httpx.Response]:
    return partial(client.post, f"{API}/{path}", json={"roomId": room["_id"], **body})


def outcome(answer: httpx.Response) -> str:
    """`done`, or what was refused: the errorType, else the text."""
    body: dict[str, str] = answer.json()
    assert answer.status_code in (200, 400), answer.text
    return "done" if answer.status_code == 200 else body.get("errorType", body["error"])


def info(client: httpx.Client, room: dict[str, Any]) -> dict[str, Any]:
    answer = client.get(f"{API}/groups.info", params={"roomId": room["_id"]}).raise_for_status().json()
    found: dict[str, Any] = answer["group"]
    return found


def test_two_rooms_of_one_name_of_any_type(them: People) -> None:
    clients = [them.olga, them.other.client("olga"), them.mick, them.server.client("mick")]
    for number in range(ROUNDS):
        body = {"name": f"races-same-{number}"}
        paths = ("groups.create", "channels.create", "channels.create", "groups.create")
        answers = at_once(
            *(
                partial(client.post, f"{API}/{path}", json=body)
                for client, path in zip(clients, paths, strict=True)
            )
        )
        assert sorted(map(outcome, answers)) == ["done", *["error-duplicate-channel-name"] * 3]


def test_two_rooms_that_take_one_name(them: People) -> None:
    clients = [them.olga, them.other.client("olga"), them.other.client("olga")]
    for number in range(ROUNDS):
        name, made = f"races-taken-{number}", [them.room() for _ in range(3)]
        renames = [
            call(client, "groups.rename", room, name=name) for client, room in zip(clients, made, strict=True)
        ]
        answers = at_once(*renames)
        assert sorted(map(outcome, answers)) == ["done", *["error-duplicate-channel-name"] * 2]
        for room, answer in zip(made, answers, strict=True):
            won = answer.status_code == 200
            shown = info(them.mick, room)
            assert (shown["name"], shown["msgs"]) == ((name, 1) if won else (room["name"], 0))


def test_a_room_and_an_account_that_take_one_name(them: People) -> None:
    for number in range(4):
        name, room = f"races-who-{number}", them.room()
        account = {"username": name, "name": name, "email": f"{name}@example.com", "password": "pw"}
        renamed, created = at_once(
            call(them.olga, "groups.rename", room, name=name),
            partial(them.admin.post, f"{API}/users.create", json=account),
        )
        assert created.status_code == 200
        assert outcome(renamed) in ("done", "error-duplicate-handle")


def test_one_room_that_gets_two_names(them: People) -> None:
    other = them.other.client("olga")
    for number in range(ROUNDS):
        room, wanted = them.room(), [f"races-one-{number}-{letter}" for letter in "ab"]
        answers = at_once(
            *(
                call(client, "groups.rename", room, name=name)
                for client, name in zip((them.olga, other), wanted, strict=True)
            )
        )
        assert [outcome(answer) for answer in answers] == ["done", "done"]
        final = info(them.olga, room)["name"]
        said_names = [text for kind, text, _ in said(them.olga, room) if kind == "r"]
        assert sorted(said_names) == wanted
        assert final in wanted
        listed = them.mick.get(f"{API}/groups.list", params={"query": f'{{"name":"{final}"}}'}).json()
        assert [one["_id"] for one in listed["groups"]] == [room["_id"]]


def test_messages_while_the_room_goes(them: People) -> None:
    clients = [them.mick, them.server.client("mick"), them.other.client("olga")]
    lost = 0
    for _ in range(ROUNDS):
        room = them.room()
        posts = [call(client, "chat.postMessage", room, text="x") for client in clients]
        deleted, *answers = at_once(call(them.olga, "groups.delete", room), *posts)
        assert outcome(deleted) == "done"
        assert {outcome(answer) for answer in answers} <= {"done", "invalid-channel", "error-invalid-room"}
        lost += sum(answer.status_code == 400 for answer in answers)
        for answer in answers:
            if answer.status_code == 200:
                asked = {"msgId": answer.json()["message"]["_id"]}
                shown = them.mick.get(f"{API}/chat.getMessage", params=asked)
                assert shown.json()["success"] is False
    assert lost  # else nothing raced


def test_a_room_that_is_deleted_twice(them: People) -> None:
    other = them.other.client("olga")
    for _ in range(ROUNDS):
        room = them.room()
        answers = at_once(call(them.olga, "groups.delete", room), call(other, "groups.delete", room))
        assert sorted(map(outcome, answers)) == ["done", NOT_FOUND]


def test_invitations_while_the_room_goes_or_is_put_away(them: People) -> None:
    other = them.other.client("olga")
    for path, error in (("groups.delete", NOT_FOUND), ("groups.archive", ARCHIVED)):
        for _ in range(ROUNDS):
            room = them.room()
            changed, invited = at_once(
                call(them.olga, path, room), call(other, "groups.invite", room, username="nora")
            )
            assert outcome(changed) == "done"
            assert outcome(invited) in ("done", error)
            if path == "groups.delete":
                continue
            came = outcome(invited) == "done"
            mine = them.nora.get(f"{API}/groups.info", params={"roomId": room["_id"]})
            assert (mine.status_code == 200) is came
            assert info(them.olga, room)["usersCount"] == (3 if came else 2)
            assert info(them.olga, room)["msgs"] == (2 if came else 1)


def test_messages_while_the_room_is_put_away(them: People) -> None:
    other = them.server.client("mick")
    for _ in range(ROUNDS):
        room = them.room()
        archived, *posted = at_once(
            call(them.olga, "groups.archive", room),
            *(call(client, "chat.postMessage", room, text="x") for client in (them.mick, other)),
        )
        assert outcome(archived) == "done"
        assert {outcome(answer) for answer in posted} <= {"done", "room_is_archived"}
        which = {"roomId": room["_id"]}
        history = them.olga.get(f"{API}/groups.history", params=which).json()["messages"]
        kept = [one for one in history if "t" not in one]
        assert len(kept) == sum(answer.status_code == 200 for answer in posted)


def test_a_member_who_is_put_out_changes_nothing_more(them: People) -> None:
    for _ in range(ROUNDS):
        room = them.room()
        post(them.olga, "groups.addModerator", {"roomId": room["_id"], "username": "mick"})
        kicked, changed = at_once(
            call(them.olga, "groups.kick", room, username="mick"),
            call(them.mick, "groups.setTopic", room, topic="mine"),
        )
        assert outcome(kicked) == "done"
        assert outcome(changed) in ("done", NOT_FOUND)
        order = [kind for kind, *_ in said(them.olga, room) if kind in ("ru", "room_changed_topic")]
        expected = ["room_changed_topic", "ru"] if outcome(changed) == "done" else ["ru"]
        assert order == expected
        assert info(them.olga, room).get("topic") == ("mine" if outcome(changed) == "done" else None)


def test_an_integration_that_is_bound_while_the_room_is_renamed(them: People) -> None:
    other = them.other.client("admin", "pw-admin")
    for number in range(ROUNDS):
        room = them.room("groups", "admin")
        name = f"races-bound-{number}"
        old = incoming(them.admin, f"old-{number}", f"#{room['name']}")
        body = {
            "type": "webhook-incoming",
            "name": name,
            "channel": f"#{room['_id']}",
            "username": "reach-bot",
            "enabled": True,
            "scriptEnabled": False,
        }
        renamed, made = at_once(
            call(them.olga, "groups.rename", room, name=name),
            partial(other.post, f"{API}/integrations.create", json=body),
        )
        assert (outcome(renamed), outcome(made)) == ("done", "done")
        which = {"roomId": room["_id"], "includeAllPrivateGroups": "false"}
        found = other.get(f"{API}/groups.getIntegrations", params=which).json()["integrations"]
        assert {one["_id"]: one["channel"] for one in found} == {
            old["_id"]: [f"#{name}"],
            made.json()["integration"]["_id"]: [f"#{name}"],
        }


def test_an_integration_that_is_bound_while_the_room_goes(them: People) -> None:
    other = them.other.client("admin", "pw-admin")
    for number in range(ROUNDS):
        room = post(them.olga, "groups.create", {"name": f"races-bound-gone-{number}", "members": ["admin"]})[
            "group"
        ]
        body = {
            "type": "webhook-incoming",
            "name": f"bound-{number}",
            "channel": f"#{room['_id']}",
            "username": "reach-bot",
            "enabled": True,
            "scriptEnabled": False,
        }
        deleted, made = at_once(
            call(them.olga, "groups.delete", room),
            partial(other.post, f"{API}/integrations.create", json=body),
        )
        assert outcome(deleted) == "done"
        assert outcome(made) in ("done", "error-invalid-room")
        if made.status_code == 200:
            id = made.json()["integration"]["_id"]
            kept = other.get(f"{API}/integrations.get", params={"integrationId": id}).json()["integration"]
            assert (kept["enabled"], kept["disabledReason"]) == (
                False,
                f"The room #{room['name']} was deleted",
            )


def test_a_room_that_changes_its_type_twice(them: People) -> None:
    other = them.other.client("olga")
    same = "The private group type is the same as what it would be changed to."
    for _ in range(ROUNDS):
        room = them.room()
        answers = at_once(
            call(them.olga, "groups.setType", room, type="c"), call(other, "groups.setType", room, type="c")
        )
        assert "done" in map(outcome, answers)
        assert set(map(outcome, answers)) <= {"done", NOT_FOUND, same}
        told = [one for one in said(them.olga, room, "channels") if one[0] == "room_changed_privacy"]
        assert told == [("room_changed_privacy", "Channel", "olga")]
