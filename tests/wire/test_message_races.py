"""People who do something to one message at the same time: it says what they were told, over HTTP."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.membership import API, People, people
from tests.wire.server import Server
from tests.wire.test_races import at_once

ROUNDS = 10


@pytest.fixture(scope="module")
def them(server: Server, other: Server) -> People:
    return people(server, other)


@pytest.fixture(scope="module")
def places(them: People) -> list[httpx.Client]:
    """Olga twice, Mick twice."""
    return [them.olga, them.other.client("olga"), them.mick, them.server.client("mick")]


def say(client: httpx.Client, room: dict[str, Any], text: str, **more: Any) -> str:
    """Post a message; its id."""
    made = post(client, "chat.postMessage", {"roomId": room["_id"], "text": text, **more})
    id: str = made["message"]["_id"]
    return id


def call(client: httpx.Client, path: str, **body: Any) -> Callable[[], httpx.Response]:
    return partial(client.post, f"{API}/chat.{path}", json=body)


def stored(them: People, id: str) -> dict[str, Any]:
    """A message as Olga sees it; {} for none."""
    answer = them.olga.get(f"{API}/chat.getMessage", params={"msgId": id})
    found: dict[str, Any] = answer.json().get("message", {})
    return found


def listed(them: People, room: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a room, which its count agrees with."""
    page = them.olga.get(f"{API}/groups.messages", params={"roomId": room["_id"], "count": 0}).json()
    info = them.olga.get(f"{API}/groups.info", params={"roomId": room["_id"]}).json()["group"]
    assert info["msgs"] == page["total"] == len(page["messages"])
    found: list[dict[str, Any]] = page["messages"]
    return found


def test_everybody_who_reacts_is_named_once(them: People, places: list[httpx.Client]) -> None:
    room = them.room()
    for number in range(ROUNDS):
        id = say(them.olga, room, f"react {number}")
        answers = at_once(
            *(call(one, "react", messageId=id, emoji="tada", shouldReact=True) for one in places)
        )
        assert [answer.status_code for answer in answers] == [200] * 4
        (reaction,) = stored(them, id)["reactions"].items()
        assert reaction[0] == ":tada:"
        assert sorted(reaction[1]["usernames"]) == ["mick", "olga"]


def test_who_toggles_twice_is_where_they_began(them: People, places: list[httpx.Client]) -> None:
    room = them.room()
    for number in range(ROUNDS):
        id = say(them.olga, room, f"toggle {number}")
        at_once(*(call(one, "react", messageId=id, emoji="tada") for one in places))
        assert "reactions" not in stored(them, id)


def test_every_star_counts_beside_a_pin(them: People, places: list[httpx.Client]) -> None:
    room = them.room()
    for number in range(ROUNDS):
        id = say(them.olga, room, f"star {number}")
        answers = at_once(
            call(places[0], "starMessage", messageId=id),
            call(places[1], "pinMessage", messageId=id),
            call(places[2], "starMessage", messageId=id),
        )
        assert [answer.status_code for answer in answers] == [200] * 3
        assert stored(them, id)["pinned"] is True
        for client in (them.olga, them.mick):
            asked = {"roomId": room["_id"], "count": 1}
            starred = client.get(f"{API}/chat.getStarredMessages", params=asked).json()["messages"]
            assert [one["_id"] for one in starred] == [id]
    pins = [one for one in listed(them, room) if one.get("t") == "message_pinned"]
    assert len(pins) == ROUNDS


def test_a_message_is_deleted_once(them: People, places: list[httpx.Client]) -> None:
    room = them.room()
    for number in range(ROUNDS):
        id = say(them.mick, room, f"delete {number}")
        answers = at_once(*(call(one, "delete", roomId=room["_id"], msgId=id) for one in places))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        errors = {answer.json()["error"] for answer in answers if answer.status_code == 400}
        assert errors == {f'No message found with the id of "{id}".'}
    assert listed(them, room) == []
    asked = {"roomId": room["_id"], "since": "2020-01-01T00:00:00.000Z", "count": 0}
    deleted = them.olga.get(f"{API}/chat.getDeletedMessages", params=asked).json()["messages"]
    assert len({one["_id"] for one in deleted}) == len(deleted) == ROUNDS


def test_a_message_that_is_edited_while_it_goes(them: People, places: list[httpx.Client]) -> None:
    room = them.room()
    for number in range(ROUNDS):
        id = say(them.mick, room, f"edit {number}")
        deleted, edited = at_once(
            call(places[0], "delete", roomId=room["_id"], msgId=id),
            call(places[2], "update", roomId=room["_id"], msgId=id, text="better"),
        )
        assert deleted.status_code == 200
        assert edited.status_code == 200 or "No message found" in edited.json()["error"]
    assert listed(them, room) == []


def test_a_thread_counts_the_replies_that_there_are(them: People, places: list[httpx.Client]) -> None:
    room = them.room()
    for number in range(ROUNDS):
        root = say(them.olga, room, f"root {number}")
        first = say(them.mick, room, "first", tmid=root)
        answers = at_once(
            call(places[0], "postMessage", roomId=room["_id"], text="second", tmid=root),
            call(places[1], "delete", roomId=room["_id"], msgId=first),
            call(places[2], "postMessage", roomId=room["_id"], text="third", tmid=root),
            call(places[3], "unfollowMessage", mid=root),
        )
        assert [answer.status_code for answer in answers[:3]] == [200] * 3
        replies = [one for one in listed(them, room) if one.get("tmid") == root]
        assert sorted(one["msg"] for one in replies) == ["second", "third"]
        assert stored(them, root)["tcount"] == 2


def test_a_root_that_goes_while_it_is_replied_to(them: People, places: list[httpx.Client]) -> None:
    room = them.room()
    for number in range(ROUNDS):
        root = say(them.mick, room, f"goes {number}")
        deleted, replied = at_once(
            call(places[2], "delete", roomId=room["_id"], msgId=root),
            call(places[0], "postMessage", roomId=room["_id"], text="reply", tmid=root),
        )
        assert deleted.status_code == 200
        replies = [one for one in listed(them, room) if one.get("tmid") == root]
        left = stored(them, root)
        if replied.status_code == 200:
            assert (left["t"], left["msg"], left["tcount"], len(replies)) == ("rm", "", 1, 1)
        else:
            assert replied.json()["errorType"] == "error-invalid-message"
            assert (left, replies) == ({}, [])
