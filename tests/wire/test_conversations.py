"""im.* and dm.* over HTTP."""

from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.server import Server
from tests.wire.test_messages import failed, listed, say
from tests.wire.test_threads import tick

API = "/api/v1"
NOT_FOUND = 'The required "roomId" or "username" param provided does not match any direct message [error-room-not-found]'


@pytest.fixture(scope="module")
def bob(server: Server) -> httpx.Client:
    return server.create_user("im-bob")


@pytest.fixture(scope="module")
def cid(server: Server) -> httpx.Client:
    return server.create_user("im-cid")


@pytest.fixture(scope="module")
def rid(bob: httpx.Client, cid: httpx.Client) -> str:
    """The conversation of Bob and Cid."""
    assert cid is not None
    made: str = post(bob, "im.create", {"username": "im-cid"})["room"]["_id"]
    return made


@pytest.fixture
def other(server: Server, request: pytest.FixtureRequest) -> httpx.Client:
    """Somebody of the test's own."""
    return server.create_user(f"im-{request.node.name.replace('_', '-')}"[:40])


def ims(client: httpx.Client, prefix: str = "im", **query: str) -> dict[str, dict[str, Any]]:
    return {one["_id"]: one for one in listed(client, f"{prefix}.list", **query)["ims"]}


def subscription(client: httpx.Client, rid: str) -> dict[str, Any]:
    found: dict[str, Any] = listed(client, "subscriptions.getOne", roomId=rid)["subscription"]
    return found


def test_create(bob: httpx.Client, cid: httpx.Client, rid: str) -> None:
    room = post(bob, "dm.create", {"username": "im-cid"})["room"]
    assert room == {"_id": rid, "rid": rid, "t": "d", "usernames": ["im-bob", "im-cid"]}
    assert post(cid, "im.create", {"usernames": " im-bob "})["room"]["rid"] == rid
    assert subscription(bob, rid)["name"] == "im-cid"
    assert "u" not in ims(bob)[rid]


@pytest.mark.usefixtures("bob", "cid")
def test_create_with_several(other: httpx.Client, bob: httpx.Client) -> None:
    room = post(other, "im.create", {"usernames": "im-bob, im-cid"})["room"]
    assert sorted(room["usernames"])[:2] == ["im-bob", "im-cid"]
    assert len(room["usernames"]) == 3
    assert room["_id"] in ims(bob)
    assert ims(bob, "dm").keys() == ims(bob).keys()


def test_refused_conversations(server: Server, bob: httpx.Client) -> None:
    either = (
        "must have required property 'usernames'\n must have required property 'username'\n"
        " must match exactly one schema in oneOf [invalid-params]"
    )
    for body, error in (
        ({}, either),
        ({"username": "nobody"}, "Invalid user [error-invalid-user]"),
        ({"usernames": ""}, "Invalid user [error-invalid-user]"),
        (
            {"username": "im-cid", "excludeSelf": True},
            'The parameter "excludeSelf" is not supported: who opens a conversation is in it [error-invalid-params]',
        ),
    ):
        answer = bob.post(f"{API}/im.create", json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    guest = server.create_user("im-guest", roles=["guest"])
    answer = guest.post(f"{API}/im.create", json={"username": "im-bob"})
    assert failed(answer) == (400, "Not allowed [error-not-allowed]", "error-not-allowed")


def test_messages_and_history(server: Server, bob: httpx.Client, other: httpx.Client) -> None:
    me = listed(other, "me")["username"]
    rid = post(other, "im.create", {"username": "im-bob"})["room"]["rid"]
    for number in range(3):
        tick()
        say(other, rid, f"m{number}")
    for query in ({"roomId": rid}, {"username": me}):
        found = listed(bob, "im.messages", **query)
        assert [one["msg"] for one in found["messages"]] == ["m2", "m1", "m0"]
        assert (found["count"], found["offset"], found["total"]) == (3, 0, 3)
    page = listed(
        bob, "dm.messages", roomId=rid, count="1", offset="1", sort='{"ts":1}', query='{"msg":{"$ne":"x"}}'
    )
    assert ([one["msg"] for one in page["messages"]], page["total"]) == (["m1"], 3)
    first, _, last = (one["ts"] for one in found["messages"][::-1])

    def texts(**query: str) -> list[str]:
        return [one["msg"] for one in listed(bob, "im.history", roomId=rid, **query)["messages"]]

    assert texts() == ["m2", "m1", "m0"]
    assert texts(oldest=first, latest=last) == texts(oldest=first, latest=last, inclusive="false") == ["m1"]
    assert texts(oldest=first, latest=last, inclusive="true") == ["m2", "m1", "m0"]
    unread = listed(bob, "im.history", roomId=rid, oldest=first, count="1", unreads="true")
    assert unread["unreadNotLoaded"] == 1
    assert "unreadNotLoaded" not in listed(bob, "im.history", roomId=rid, oldest=first, unreads="false")


def test_what_is_unread_of_a_conversation(bob: httpx.Client, other: httpx.Client) -> None:
    rid = post(other, "im.create", {"username": "im-bob"})["room"]["rid"]
    assert subscription(bob, rid)["open"] is False
    first = say(other, rid, "one")
    tick()
    say(other, rid, "two")
    mine = subscription(bob, rid)
    assert (mine["open"], mine["alert"], mine["unread"]) == (True, True, 2)
    counted = listed(bob, "im.counters", roomId=rid)
    assert (counted["joined"], counted["members"], counted["unreads"], counted["msgs"]) == (True, 2, 2, 2)
    post(bob, "subscriptions.read", {"rid": rid})
    assert subscription(bob, rid)["unread"] == 0
    post(bob, "subscriptions.unread", {"firstUnreadMessage": {"_id": first["_id"]}})
    assert subscription(bob, rid)["unread"] == 2


def test_open_and_close(bob: httpx.Client, rid: str) -> None:
    assert post(bob, "im.close", {"roomId": rid}) == {"success": True}
    assert subscription(bob, rid)["open"] is False
    answer = bob.post(f"{API}/im.close", json={"roomId": rid})
    assert failed(answer) == (400, "The direct message room, is already closed to the sender", None)
    for _ in range(2):
        assert post(bob, "dm.open", {"roomId": rid}) == {"success": True}
    assert subscription(bob, rid)["open"] is True
    post(bob, "im.close", {"roomId": rid})
    post(bob, "im.create", {"username": "im-cid"})
    assert subscription(bob, rid)["open"] is True


def test_members_and_topic(server: Server, bob: httpx.Client, rid: str) -> None:
    for query in ({"roomId": rid}, {"username": "im-cid"}):
        found = listed(bob, "im.members", **query)
        assert [one["username"] for one in found["members"]] == ["im-bob", "im-cid"]
        assert (found["count"], found["offset"], found["total"]) == (2, 0, 2)
    assert [one["username"] for one in listed(bob, "dm.members", roomId=rid, filter="cid")["members"]] == [
        "im-cid"
    ]
    refused = bob.post(f"{API}/im.setTopic", json={"roomId": rid, "topic": "tea"})
    assert failed(refused)[1] == "Editing room is not allowed [error-action-not-allowed]"
    mine = post(server.admin, "im.create", {"username": "im-bob"})["room"]["rid"]
    assert post(server.admin, "im.setTopic", {"roomId": mine, "topic": "tea"}) == {
        "topic": "tea",
        "success": True,
    }
    assert ims(bob)[mine]["topic"] == "tea"
    missing = server.admin.post(f"{API}/im.setTopic", json={"roomId": mine})
    assert failed(missing)[1] == 'The bodyParam "topic" is required'


def test_conversations_of_others(server: Server, rid: str) -> None:
    ids = {"roomId": rid}
    for path in ("im.messages", "im.history", "im.members", "im.counters"):
        assert failed(server.admin.get(f"{API}/{path}", params=ids)) == (
            400,
            NOT_FOUND,
            "error-room-not-found",
        )
    for path in ("im.open", "im.close", "im.setTopic", "im.delete"):
        body = ids | ({"topic": "x"} if path == "im.setTopic" else {})
        assert failed(server.admin.post(f"{API}/{path}", json=body))[1] == NOT_FOUND
    assert rid not in ims(server.admin)
    answer = server.admin.get(f"{API}/im.counters")
    text = 'Query param "roomId" or "username" is required [error-room-param-not-provided]'
    assert failed(answer)[1] == text
    answer = server.admin.get(f"{API}/im.messages", params={"username": "im-cid"})
    assert failed(answer)[1] == NOT_FOUND


def test_delete(server: Server, bob: httpx.Client, other: httpx.Client) -> None:
    rid = post(other, "im.create", {"username": "im-bob"})["room"]["rid"]
    message = say(other, rid, "hi")
    answer = bob.post(f"{API}/im.delete", json={"roomId": rid})
    assert failed(answer) == (400, "Not allowed [error-not-allowed]", "error-not-allowed")
    mine = post(server.admin, "im.create", {"username": listed(other, "me")["username"]})["room"]["rid"]
    assert post(server.admin, "im.delete", {"roomId": mine}) == {"success": True}
    assert mine not in ims(other)
    assert listed(bob, "chat.getMessage", msgId=message["_id"])["message"]["msg"] == "hi"
