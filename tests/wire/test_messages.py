"""chat.*, groups.messages, groups.history and channels.messages, over HTTP (spec/04, spec/07)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.server import Server
from tests.wire.test_races import at_once

API = "/api/v1"
POST, SEND, UPDATE, DELETE = (
    f"{API}/chat.{name}" for name in ("postMessage", "sendMessage", "update", "delete")
)


@pytest.fixture(scope="module")
def eve(server: Server) -> httpx.Client:
    """Somebody who is in no group."""
    return server.create_user("messages-eve")


@pytest.fixture(scope="module")
def bob(server: Server) -> httpx.Client:
    """A member of every group that `group` makes."""
    return server.create_user("messages-bob")


@pytest.fixture
def group(server: Server, bob: httpx.Client, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A group of the administrator's and Bob's, named after the test."""
    name = "messages-" + "".join(sign if sign.isalnum() else "-" for sign in request.node.name)
    made = post(server.admin, "groups.create", {"name": name[:100], "members": ["messages-bob"]})
    found: dict[str, Any] = made["group"]
    return found


def failed(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, error and errorType of an answer."""
    body = answer.json()
    return answer.status_code, body["error"], body.get("errorType")


def say(client: httpx.Client, rid: str, text: str, **more: Any) -> dict[str, Any]:
    """Post a text; answers the message."""
    made: dict[str, Any] = post(client, "chat.postMessage", {"roomId": rid, "text": text, **more})["message"]
    return made


def listed(client: httpx.Client, path: str, **query: str) -> dict[str, Any]:
    """The answer of a list."""
    answer: dict[str, Any] = client.get(f"{API}/{path}", params=query).raise_for_status().json()
    return answer


@contextmanager
def setting(server: Server, id: str, value: Any, default: Any) -> Iterator[None]:
    """A server setting with another value, for a while."""
    for now in (value, default):
        server.admin.post(f"{API}/settings/{id}", json={"value": now}).raise_for_status()
        if now is value:
            yield


def test_post_a_message(server: Server, group: dict[str, Any]) -> None:
    before = time.time() * 1000
    body = {"channel": f"#{group['name']}", "text": " see https://example.com ", "emoji": ":x:"}
    answer = post(server.admin, "chat.postMessage", body)
    message = answer["message"]
    assert (answer["channel"], answer["success"]) == (f"#{group['name']}", True)
    assert before - 1_000 < answer["ts"] < time.time() * 1000 + 1_000
    assert (message["rid"], message["msg"]) == (group["_id"], "see https://example.com")
    assert message["u"]["username"] == "admin"
    assert message["urls"] == [{"url": "https://example.com", "meta": {}}]
    assert (message["groupable"], message["attachments"], message["parseUrls"]) == (False, [], True)
    assert message["emoji"] == ":x:"
    found = listed(server.admin, "chat.getMessage", msgId=message["_id"])
    assert found == {"message": message, "success": True}


@pytest.mark.usefixtures("eve")
def test_post_to_many_answers_the_first(server: Server, bob: httpx.Client, group: dict[str, Any]) -> None:
    body = {"channel": [group["_id"], "@messages-eve"], "text": "hi", "attachments": [{"msg": " a "}]}
    answer = post(bob, "chat.postMessage", body)
    assert (answer["channel"], answer["message"]["rid"]) == (group["_id"], group["_id"])
    assert answer["message"]["attachments"] == [{"text": "a"}]
    assert answer["message"]["parseUrls"] is False
    again = post(bob, "chat.postMessage", {"channel": "@messages-eve", "text": "again"})
    assert again["channel"] == "@messages-eve"
    assert again["message"]["rid"] != group["_id"]


def test_post_a_form(server: Server, group: dict[str, Any]) -> None:
    answer = server.admin.post(
        POST, data={"roomId": group["_id"], "text": "from a form", "groupable": "true"}
    )
    message = answer.raise_for_status().json()["message"]
    assert (message["msg"], message["groupable"]) == ("from a form", True)


@pytest.mark.parametrize(
    ("body", "error", "kind"),
    [
        ({}, "[invalid-channel]", "invalid-channel"),
        ({"channel": "#messages-nowhere"}, "[invalid-channel]", "invalid-channel"),
        ({"channel": "messages-bob"}, "[invalid-channel]", "invalid-channel"),
        ({"channel": []}, "unknown-error", None),
        ({"alias": "Boss"}, "Not enough permission", None),
        ({"avatar": "/a/b"}, "Not enough permission", None),
        (
            {"tmid": "x"},
            "The message to reply to is not in this room [error-invalid-message]",
            "error-invalid-message",
        ),
        (
            {"attachments": [{"title_link": "javascript:alert(1)"}]},
            "Match error: Failed Match.Where validation in field attachments[0].title_link",
            None,
        ),
        (
            {"attachments": [{"color": 5}]},
            "Match error: Expected string, got number in field attachments[0].color",
            None,
        ),
        (
            {"channel": {"$ne": 1}},
            "The target of a message must be a text or a list of texts [error-invalid-params]",
            "error-invalid-params",
        ),
    ],
)
def test_refused_posts(
    server: Server, group: dict[str, Any], body: dict[str, Any], error: str, kind: str | None
) -> None:
    target = {"channel": group["_id"]} if {"alias", "avatar", "tmid", "attachments"} & body.keys() else {}
    answer = server.admin.post(POST, json={"text": "hi", **target, **body})
    assert failed(answer) == (400, error, kind)
    assert listed(server.admin, "groups.messages", roomId=group["_id"])["messages"] == []


def test_a_group_of_others(server: Server, eve: httpx.Client, group: dict[str, Any]) -> None:
    message = say(server.admin, group["_id"], "secret")
    ids = {"roomId": group["_id"], "msgId": message["_id"]}
    assert failed(eve.post(POST, json={"roomId": group["_id"], "text": "x"})) == (
        400,
        "error-not-allowed",
        None,
    )
    sent = eve.post(SEND, json={"message": {"rid": group["_id"], "msg": "x"}})
    assert failed(sent) == (400, "error-not-allowed", None)
    assert failed(eve.post(UPDATE, json={**ids, "text": "secret"})) == (400, "error-not-allowed", None)
    assert failed(eve.post(DELETE, json=ids))[2] == "error-action-not-allowed"
    shown = eve.get(f"{API}/chat.getMessage", params={"msgId": message["_id"]})
    assert failed(shown) == (400, "Not allowed [error-not-allowed]", "error-not-allowed")
    for path in ("groups.messages", "groups.history"):
        answer = eve.get(f"{API}/{path}", params={"roomId": group["_id"]})
        assert failed(answer)[2] == "error-room-not-found"


def test_send_a_message_whole(server: Server, group: dict[str, Any]) -> None:
    whole = {"rid": group["_id"], "_id": "messages-own-id", "msg": "hi", "content": {"a": [1]}, "tcount": 9}
    message = post(server.admin, "chat.sendMessage", {"message": whole})["message"]
    assert (message["_id"], message["content"], "tcount" in message) == ("messages-own-id", {"a": [1]}, False)
    again = server.admin.post(SEND, json={"message": whole})
    assert (again.status_code, again.json()["success"]) == (400, False)
    assert listed(server.admin, "groups.messages", roomId=group["_id"])["total"] == 1


@pytest.mark.parametrize(
    ("body", "error", "kind"),
    [
        ({}, 'The "message" parameter must be provided. [error-invalid-params]', "error-invalid-params"),
        ({"message": {}}, "The 'rid' property on the message object is missing.", None),
        ({"message": {"rid": ""}}, "The 'rid' property on the message object is missing.", None),
        (
            {"message": "x"},
            'The parameter "message" must be an object [error-invalid-params]',
            "error-invalid-params",
        ),
        ({"message": {"rid": "x", "t": "uj"}}, "Cannot send system messages using 'chat.sendMessage'", None),
        ({"message": {"rid": "x", "msg": 5}}, "Match error: Expected string, got number in field msg", None),
        (
            {"message": {"rid": "x", "tshow": True}},
            "tshow provided but missing tmid [invalid-params]",
            "invalid-params",
        ),
        (
            {"message": {"rid": "x", "ts": 5}},
            "Message timestamp is out of sync [error-message-ts-out-of-sync]",
            "error-message-ts-out-of-sync",
        ),
        ({"message": {"rid": "x"}}, "error-invalid-room", None),
        (
            {"message": {"rid": "x"}, "previewUrls": "u"},
            "Match error: Expected array, got string in field previewUrls",
            None,
        ),
    ],
)
def test_refused_messages(server: Server, body: dict[str, Any], error: str, kind: str | None) -> None:
    assert failed(server.admin.post(SEND, json=body)) == (400, error, kind)


def test_too_long(server: Server, group: dict[str, Any]) -> None:
    answer = server.admin.post(SEND, json={"message": {"rid": group["_id"], "msg": "a" * 5_001}})
    text = "Message size exceeds Message_MaxAllowedSize [error-message-size-exceeded]"
    assert failed(answer) == (400, text, "error-message-size-exceeded")
    say(server.admin, group["_id"], "a" * 5_000)


def test_threads_that_are_off(server: Server, group: dict[str, Any]) -> None:
    root = say(server.admin, group["_id"], "root")
    message = {"message": {"rid": group["_id"], "msg": "r", "tmid": root["_id"]}}
    with setting(server, "Threads_enabled", False, True):
        assert failed(server.admin.post(SEND, json=message))[1] == "not-allowed [error-not-allowed]"
    assert post(server.admin, "chat.sendMessage", message)["message"]["tmid"] == root["_id"]
    found = listed(server.admin, "chat.getMessage", msgId=root["_id"])["message"]
    assert found["tcount"] == 1


def test_update(server: Server, bob: httpx.Client, group: dict[str, Any]) -> None:
    message = say(bob, group["_id"], "old")
    ids = {"roomId": group["_id"], "msgId": message["_id"]}
    made = post(bob, "chat.update", {**ids, "text": "new", "customFields": {"a": 1}})["message"]
    assert (made["msg"], made["customFields"], made["editedBy"]["username"]) == (
        "new",
        {"a": 1},
        "messages-bob",
    )
    assert made["editedAt"] >= message["ts"]
    assert post(bob, "chat.update", {**ids, "text": "new"})["message"] == made
    by_admin = server.admin.post(UPDATE, json={**ids, "text": "by an owner"})
    assert by_admin.json()["message"]["editedBy"]["username"] == "admin"
    theirs = say(server.admin, group["_id"], "admin's")
    answer = bob.post(UPDATE, json={"roomId": group["_id"], "msgId": theirs["_id"], "text": "x"})
    assert answer.json() == {
        "success": False,
        "error": "Message editing not allowed [error-action-not-allowed]",
        "errorType": "error-action-not-allowed",
        "details": {"method": "updateMessage", "action": "Message_editing"},
    }


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"msgId": None}, "Match error: Expected string, got null in field msgId"),
        ({"text": 5}, "Match error: Expected string, got number in field text"),
        ({"customFields": []}, "Match error: Expected object, got array in field customFields"),
        ({"msgId": "nothing"}, 'No message found with the id of "nothing".'),
        ({"roomId": "nowhere"}, "The room id provided does not match where the message is from."),
    ],
)
def test_refused_updates(server: Server, group: dict[str, Any], changes: dict[str, Any], error: str) -> None:
    message = say(server.admin, group["_id"], "old")
    body = {"roomId": group["_id"], "msgId": message["_id"], "text": "new", **changes}
    assert failed(server.admin.post(UPDATE, json=body)) == (400, error, None)
    del body["text"]
    assert "Match error: " in failed(server.admin.post(UPDATE, json={**body, "msgId": "m"}))[1]


def test_delete(server: Server, bob: httpx.Client, group: dict[str, Any]) -> None:
    message = say(bob, group["_id"], "mine")
    ids = {"roomId": group["_id"], "msgId": message["_id"]}
    answer = post(bob, "chat.delete", ids)
    assert answer["ts"].isdigit()
    assert answer | {"ts": "0"} == {
        "_id": message["_id"],
        "ts": "0",
        "message": {name: message[name] for name in ("_id", "rid", "u")},
        "success": True,
    }
    assert failed(bob.post(DELETE, json=ids)) == (
        400,
        f'No message found with the id of "{message["_id"]}".',
        None,
    )
    shown = bob.get(f"{API}/chat.getMessage", params={"msgId": message["_id"]})
    assert (shown.status_code, shown.json()) == (400, {"success": False})
    theirs = say(server.admin, group["_id"], "admin's")
    ids["msgId"] = theirs["_id"]
    assert failed(bob.post(DELETE, json=ids))[1] == "Not allowed [error-action-not-allowed]"
    assert "force-delete-message" in failed(bob.post(DELETE, json={**ids, "asUser": True}))[1]


def test_get_message_needs_an_id(server: Server) -> None:
    for query in ({}, {"msgId": ""}):
        answer = server.admin.get(f"{API}/chat.getMessage", params=query)
        assert failed(answer) == (400, 'The "msgId" query parameter must be provided.', None)


def test_list_a_groups_messages(server: Server, bob: httpx.Client, group: dict[str, Any]) -> None:
    rid = group["_id"]
    texts = [say(bob, rid, f"text {number}")["msg"] for number in range(4)]
    found = listed(server.admin, "groups.messages", roomName=group["name"], count="2", offset="1")
    assert [one["msg"] for one in found["messages"]] == [texts[2], texts[1]]
    assert (found["count"], found["offset"], found["total"]) == (2, 1, 4)
    found = listed(
        server.admin,
        "groups.messages",
        roomId=rid,
        query='{"msg":{"$regex":"[13]$"}}',
        sort='{"ts":1}',
        fields='{"msg":1}',
    )
    assert [one["msg"] for one in found["messages"]] == [texts[1], texts[3]]
    assert all(one.keys() == {"_id", "msg"} for one in found["messages"])
    assert found["total"] == 2
    widened = listed(server.admin, "groups.messages", roomId=rid, query='{"$or":[{"rid":{"$ne":""}}]}')
    assert widened["total"] == 4


def test_the_history_of_a_group(server: Server, group: dict[str, Any]) -> None:
    rid = group["_id"]
    first, second, third = (say(server.admin, rid, text) for text in ("one", "two", "three"))
    post(server.admin, "chat.postMessage", {"roomId": rid, "text": "reply", "tmid": first["_id"]})
    history = partial(listed, server.admin, "groups.history", roomId=rid)

    def texts(**query: str) -> list[str]:
        return [one["msg"] for one in history(**query)["messages"]]

    assert history().keys() == {"messages", "success"}
    assert texts() == ["reply", "three", "two", "one"]
    assert texts(showThreadMessages="false") == ["three", "two", "one"]
    assert texts(count="1", offset="1") == ["three"]
    assert texts(oldest=first["ts"], latest=third["ts"]) == ["two"]
    assert texts(oldest=first["ts"], latest=third["ts"], inclusive="false") == ["three", "two", "one"]
    unread = history(oldest=first["ts"], unreads="true", count="1", showThreadMessages="false")
    assert [one["msg"] for one in unread["messages"]] == ["three"]
    assert (unread["firstUnread"]["_id"], unread["unreadNotLoaded"]) == (second["_id"], 1)
    for query, error in (({"latest": "soon"}, "must be a date"), ({"offset": "-1"}, "must not be negative")):
        answer = server.admin.get(f"{API}/groups.history", params={"roomId": rid, **query})
        assert error in failed(answer)[1]


@pytest.fixture
def channel(server: Server, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A public channel of the administrator's."""
    made: dict[str, Any] = post(server.admin, "channels.create", {"name": request.node.name})["channel"]
    return made


def test_a_channel_is_joined_and_listed(server: Server, eve: httpx.Client, channel: dict[str, Any]) -> None:
    post(eve, "chat.postMessage", {"channel": f"#{channel['name']}", "text": "hi"})
    found = listed(eve, "channels.messages", roomId=channel["_id"])
    assert [(one.get("t"), one["msg"]) for one in found["messages"]] == [(None, "hi"), ("uj", "messages-eve")]
    assert (found["count"], found["total"]) == (2, 2)
    unknown = eve.get(f"{API}/channels.messages", params={"roomId": "nowhere"})
    assert failed(unknown)[2] == "error-room-not-found"
    for query, error in (
        ({}, "must have required property 'roomId' [invalid-params]"),
        ({"roomId": "x", "fields": "{}"}, "must NOT have additional properties [invalid-params]"),
        ({"roomId": "x", "count": "many"}, "must be number [invalid-params]"),
    ):
        assert failed(eve.get(f"{API}/channels.messages", params=query)) == (400, error, "invalid-params")


def test_a_guest_sees_no_channel_that_it_has_not_joined(server: Server, channel: dict[str, Any]) -> None:
    guest = server.create_user("messages-guest", roles=["guest"])
    answer = guest.get(f"{API}/channels.messages", params={"roomId": channel["_id"]})
    assert (answer.status_code, answer.json()) == (403, {"success": False, "error": "unauthorized"})


def test_real_names(server: Server, bob: httpx.Client, group: dict[str, Any]) -> None:
    say(bob, group["_id"], "hi @admin")
    with setting(server, "UI_Use_Real_Name", True, False):
        (found,) = listed(server.admin, "groups.messages", roomId=group["_id"])["messages"]
    assert found["u"]["name"] == "Messages-Bob"


def test_a_read_only_group(server: Server, bob: httpx.Client) -> None:
    body = {"name": "messages-news", "members": ["messages-bob"], "readOnly": True}
    rid = post(server.admin, "groups.create", body)["group"]["_id"]
    say(server.admin, rid, "owners may")
    answer = bob.post(POST, json={"roomId": rid, "text": "x"})
    assert failed(answer) == (400, "You can't send messages because the room is readonly.", None)


def test_posts_and_the_end_of_their_group(server: Server, bob: httpx.Client) -> None:
    clients = [server.client("messages-bob") for _ in range(3)]
    for number in range(8):
        rid = post(
            server.admin, "groups.create", {"name": f"messages-end-{number}", "members": ["messages-bob"]}
        )["group"]["_id"]
        body = {"roomId": rid, "text": "in time?"}
        calls: list[Callable[[], httpx.Response]] = [partial(one.post, POST, json=body) for one in clients]
        calls.append(partial(server.admin.post, f"{API}/groups.delete", json={"roomId": rid}))
        *posts, _ = at_once(*calls)
        for answer in posts:
            gone = {"[invalid-channel]", "error-not-allowed"}
            assert answer.status_code == 200 or answer.json()["error"] in gone
            if answer.status_code == 200:
                id = answer.json()["message"]["_id"]
                assert bob.get(f"{API}/chat.getMessage", params={"msgId": id}).json() == {"success": False}


def test_a_new_conversation_is_made_once(server: Server, bob: httpx.Client) -> None:
    for number in range(6):
        name = f"messages-dm{number}"
        other = server.create_user(name)
        calls = [
            partial(bob.post, POST, json={"channel": f"@{name}", "text": "hi"}),
            partial(other.post, POST, json={"channel": "@messages-bob", "text": "hi"}),
        ]
        assert len({answer.raise_for_status().json()["message"]["rid"] for answer in at_once(*calls)}) == 1


def test_a_message_outlives_a_kill(start_server: Callable[..., Server]) -> None:
    running = start_server()
    rid = post(running.admin, "groups.create", {"name": "kept"})["group"]["_id"]
    ids = [say(running.admin, rid, f"{number}")["_id"] for number in range(5)]
    running.kill()
    again = start_server(folder=running.folder)
    found = listed(again.admin, "groups.messages", roomId=rid)
    assert [one["_id"] for one in found["messages"]] == ids[::-1]
