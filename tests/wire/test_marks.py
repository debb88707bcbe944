"""Reactions, pins, stars, search and sync over HTTP (spec/07)."""

from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.server import Server
from tests.wire.test_messages import failed, listed, say, setting
from tests.wire.test_threads import tick

API = "/api/v1"
NOT_FOUND = 'The provided "messageId" does not match any existing message. [error-message-not-found]'


@pytest.fixture(scope="module")
def bob(server: Server) -> httpx.Client:
    return server.create_user("marks-bob")


@pytest.fixture(scope="module")
def eve(server: Server) -> httpx.Client:
    """Somebody who is in no group."""
    return server.create_user("marks-eve")


@pytest.fixture
def rid(server: Server, bob: httpx.Client, request: pytest.FixtureRequest) -> str:
    """A group of the administrator's and Bob's, named after the test."""
    name = "marks-" + "".join(sign if sign.isalnum() else "-" for sign in request.node.name)
    made = post(server.admin, "groups.create", {"name": name[:100], "members": ["marks-bob"]})
    id: str = made["group"]["_id"]
    return id


def stored(client: httpx.Client, id: str) -> dict[str, Any]:
    found: dict[str, Any] = listed(client, "chat.getMessage", msgId=id)["message"]
    return found


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("react", "missing"),
        ("pinMessage", "missing"),
        ("unPinMessage", "required"),
        ("starMessage", "required"),
        ("unStarMessage", "required"),
    ],
)
def test_a_message_must_be_named(server: Server, path: str, word: str) -> None:
    error = "error-messageid-param-not-provided"
    for body in ({}, {"messageId": ""}, {"messageId": "  "}, {"messageId": None}):
        answer = server.admin.post(f"{API}/chat.{path}", json={"emoji": "x"} | body)
        assert failed(answer) == (400, f'The required "messageId" param is {word}. [{error}]', error)
    answer = server.admin.post(f"{API}/chat.{path}", json={"emoji": "x", "messageId": {"$ne": 1}})
    assert failed(answer)[2] == "error-invalid-params"
    answer = server.admin.post(f"{API}/chat.{path}", json={"emoji": "x", "messageId": "nothing"})
    assert failed(answer) == (400, NOT_FOUND, "error-message-not-found")


def test_react(server: Server, bob: httpx.Client, rid: str) -> None:
    id = say(server.admin, rid, "hi")["_id"]
    for client, body in (
        (bob, {"emoji": ":smile:"}),
        (server.admin, {"reaction": "smile", "shouldReact": True}),
        (bob, {"emoji": "tada", "shouldReact": False}),
    ):
        assert post(client, "chat.react", {"messageId": id} | body) == {"success": True}
    assert stored(bob, id)["reactions"] == {":smile:": {"usernames": ["marks-bob", "admin"]}}
    post(bob, "chat.react", {"messageId": id, "emoji": "smile"})
    assert stored(bob, id)["reactions"] == {":smile:": {"usernames": ["admin"]}}
    with setting(server, "UI_Use_Real_Name", True, False):
        assert stored(bob, id)["reactions"][":smile:"]["names"] == ["Administrator"]
    room = listed(server.admin, "groups.info", roomId=rid)["group"]
    assert room["lastMessage"]["reactions"] == {":smile:": {"usernames": ["admin"]}}


def test_refused_reactions(server: Server, bob: httpx.Client, eve: httpx.Client, rid: str) -> None:
    id = say(server.admin, rid, "hi")["_id"]
    needed = 'The required "emoji" param is missing. [error-emoji-param-not-provided]'
    readonly = "You can't send messages because the room is readonly."
    for client, body, error, kind in (
        (bob, {}, needed, "error-emoji-param-not-provided"),
        (bob, {"emoji": "", "reaction": "smile"}, needed, "error-emoji-param-not-provided"),
        (bob, {"emoji": "nonsense"}, "Invalid emoji provided. [error-not-allowed]", "error-not-allowed"),
        (eve, {"emoji": "smile"}, "Not Authorized [not-authorized]", "not-authorized"),
        (
            bob,
            {"emoji": "smile", "shouldReact": "maybe"},
            'The parameter "shouldReact" must be true or false [error-invalid-params]',
            "error-invalid-params",
        ),
    ):
        answer = client.post(f"{API}/chat.react", json={"messageId": id} | body)
        assert failed(answer) == (400, error, kind)
    post(server.admin, "groups.setReadOnly", {"roomId": rid, "readOnly": True})
    answer = bob.post(f"{API}/chat.react", json={"messageId": id, "emoji": "smile"})
    assert failed(answer) == (400, readonly, None)


def test_pin_and_unpin(server: Server, bob: httpx.Client, eve: httpx.Client, rid: str) -> None:
    message = say(bob, rid, "look", attachments=[{"text": "inner"}])
    id = message["_id"]
    pinned = post(server.admin, "chat.pinMessage", {"messageId": id})["message"]
    assert (pinned["t"], pinned["msg"], pinned["u"]["username"]) == ("message_pinned", "", "admin")
    assert pinned["attachments"] == [
        {
            "text": "look",
            "author_name": "marks-bob",
            "author_icon": "/avatar/marks-bob",
            "ts": message["ts"],
            "attachments": [{"text": "inner"}],
        }
    ]
    assert (stored(bob, id)["pinned"], stored(bob, id)["pinnedBy"]["username"]) == (True, "admin")
    found = listed(bob, "chat.getPinnedMessages", roomId=rid)
    assert [one["_id"] for one in found["messages"]] == [id]
    assert (found["count"], found["offset"], found["total"]) == (1, 0, 1)
    room = listed(server.admin, "groups.info", roomId=rid)["group"]
    assert (room["lastMessage"]["_id"], room["lastMessage"]["pinned"], room["msgs"]) == (id, True, 2)

    for client, error in (
        (bob, "Not Authorized [not-authorized]"),
        (eve, "Message you are pinning was not found [error-invalid-message]"),
    ):
        assert failed(client.post(f"{API}/chat.pinMessage", json={"messageId": id}))[1] == error
    with setting(server, "Message_AllowPinning", False, True):
        answer = eve.post(f"{API}/chat.pinMessage", json={"messageId": id})
        assert failed(answer)[1] == "Message pinning not allowed [error-action-not-allowed]"
    assert post(server.admin, "chat.unPinMessage", {"messageId": id}) == {"success": True}
    assert listed(bob, "chat.getPinnedMessages", roomId=rid)["total"] == 0


def test_stars(server: Server, bob: httpx.Client, eve: httpx.Client, rid: str) -> None:
    first, second = (say(server.admin, rid, text)["_id"] for text in ("one", "two"))
    for client, id in ((bob, first), (bob, second), (server.admin, first), (eve, first)):
        assert post(client, "chat.starMessage", {"messageId": id}) == {"success": True}
    post(bob, "chat.unStarMessage", {"messageId": second})
    found = listed(bob, "chat.getStarredMessages", roomId=rid)
    assert [one["_id"] for one in found["messages"]] == [first]
    assert len(found["messages"][0]["starred"]) == 1
    assert (found["count"], found["offset"], found["total"]) == (1, 0, 1)
    with setting(server, "Message_AllowStarring", False, True):
        answer = bob.post(f"{API}/chat.starMessage", json={"messageId": first})
        assert failed(answer)[1] == "Message starring not allowed [error-action-not-allowed]"


def test_mentions(server: Server, bob: httpx.Client, rid: str) -> None:
    ids = [say(server.admin, rid, text)["_id"] for text in ("@marks-bob 1", "no", "@marks-bob 2")]
    found = listed(bob, "chat.getMentionedMessages", roomId=rid)
    assert [one["_id"] for one in found["messages"]] == [ids[2], ids[0]]
    page = listed(bob, "chat.getMentionedMessages", roomId=rid, offset="1", count="1", sort='{"ts":1}')
    assert [one["_id"] for one in page["messages"]] == [ids[2]]
    assert (page["count"], page["offset"], page["total"]) == (1, 1, 2)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("Pinned", "Not allowed [error-not-allowed]"),
        ("Starred", "error-not-allowed"),
        ("Mentioned", "error-not-allowed"),
    ],
)
def test_lists_of_a_group_of_others(eve: httpx.Client, rid: str, name: str, error: str) -> None:
    path = f"{API}/chat.get{name}Messages"
    assert failed(eve.get(path, params={"roomId": rid}))[:2] == (400, error)
    for query, text in (
        ({}, "must have required property 'roomId' [invalid-params]"),
        ({"roomId": rid, "query": "{}"}, "must NOT have additional properties [invalid-params]"),
        ({"roomId": rid, "count": "x"}, "must be number [invalid-params]"),
    ):
        assert failed(eve.get(path, params=query)) == (400, text, "invalid-params")


def test_search(server: Server, bob: httpx.Client, eve: httpx.Client, rid: str) -> None:
    for text in ("the quick fox", "quick hen", "slow fox", "quick, quick fox"):
        say(server.admin, rid, text)

    def found(text: str, **more: str) -> list[str]:
        answer = listed(bob, "chat.search", roomId=rid, searchText=text, **more)
        assert answer.keys() == {"messages", "success"}
        return [one["msg"] for one in answer["messages"]]

    assert found("fox quick") == ["quick, quick fox", "the quick fox"]
    assert found("fox quick", offset="1", count="1") == ["the quick fox"]
    assert found("/^.low/") == ["slow fox"]
    assert found("from:admin hen") == ["quick hen"]
    assert found("nothing") == []
    for client, query, expected in (
        (bob, {"searchText": "x"}, "error-roomId-param-not-provided"),
        (bob, {"roomId": rid, "searchText": ""}, "error-searchText-param-not-provided"),
        (bob, {"roomId": rid, "searchText": "/(/"}, "error-invalid-query"),
        (bob, {"roomId": rid, "searchText": "x", "sort": "{}"}, "error-invalid-params"),
    ):
        assert failed(client.get(f"{API}/chat.search", params=query))[2] == expected
    text = 'The required "roomId" query param is missing. [error-roomId-param-not-provided]'
    assert failed(bob.get(f"{API}/chat.search"))[1] == text
    outside = eve.get(f"{API}/chat.search", params={"roomId": rid, "searchText": "fox"})
    assert (outside.status_code, outside.json()) == (400, {"success": False})


def test_sync(server: Server, bob: httpx.Client, eve: httpx.Client, rid: str) -> None:
    first, second = say(server.admin, rid, "one"), say(server.admin, rid, "two")
    tick()
    post(server.admin, "chat.react", {"messageId": first["_id"], "emoji": "smile"})
    post(server.admin, "chat.delete", {"roomId": rid, "msgId": second["_id"]})
    result = listed(bob, "chat.syncMessages", roomId=rid, lastUpdate=first["_updatedAt"])["result"]
    assert [one["_id"] for one in result["updated"]] == [first["_id"]]
    (gone,) = result["deleted"]
    assert (gone["_id"], gone["_deletedAt"] > second["ts"]) == (second["_id"], True)
    page = listed(bob, "chat.getDeletedMessages", roomId=rid, since=first["ts"])
    assert page["messages"] == [{"_id": second["_id"]}]
    assert (page["count"], page["offset"], page["total"]) == (1, 0, 1)
    assert listed(bob, "chat.getDeletedMessages", roomId=rid, since=first["ts"], offset="1")["count"] == 0
    assert listed(bob, "chat.getDeletedMessages", roomId=rid, since=gone["_deletedAt"])["total"] == 0

    date = 'The "lastUpdate" query parameter must be a valid date. [error-roomId-param-invalid]'
    for query, error in (
        ({"lastUpdate": "2024-01-01"}, "error-roomId-param-not-provided"),
        ({"roomId": rid}, "error-lastUpdate-param-not-provided"),
        ({"roomId": rid, "lastUpdate": "soon"}, "error-roomId-param-invalid"),
    ):
        answer = bob.get(f"{API}/chat.syncMessages", params=query)
        assert failed(answer)[2] == error
    assert failed(answer)[1] == date
    for path, name in (("syncMessages", "lastUpdate"), ("getDeletedMessages", "since")):
        answer = eve.get(f"{API}/chat.{path}", params={"roomId": rid, name: "2024-01-01"})
        assert failed(answer) == (400, "Not allowed [error-not-allowed]", "error-not-allowed")
    text = 'The "since" query parameter must be a valid date.'
    answer = bob.get(f"{API}/chat.getDeletedMessages", params={"roomId": rid, "since": "soon"})
    assert failed(answer) == (400, f"[{text}]", text)
    answer = bob.get(f"{API}/chat.getDeletedMessages", params={"roomId": rid})
    assert failed(answer)[1] == "must have required property 'since' [invalid-params]"
