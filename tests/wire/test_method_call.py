"""Methods of the websocket over HTTP."""

import json
from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.server import Server
from tests.wire.test_messages import failed, listed, say
from tests.wire.test_threads import tick

API = "/api/v1"


@pytest.fixture(scope="module")
def bob(server: Server) -> httpx.Client:
    return server.create_user("method-bob")


@pytest.fixture(scope="module")
def eve(server: Server) -> httpx.Client:
    return server.create_user("method-eve")


@pytest.fixture
def group(server: Server, bob: httpx.Client, request: pytest.FixtureRequest) -> dict[str, Any]:
    body = {"name": f"method-{request.node.name}", "members": ["method-bob"]}
    made: dict[str, Any] = post(server.admin, "groups.create", body)["group"]
    return made


def told(client: httpx.Client, method: str, *values: Any) -> dict[str, Any]:
    """What a method answers, in the envelope of the websocket."""
    message = json.dumps({"msg": "method", "id": "7", "method": method, "params": values})
    answer = post(client, f"method.call/{method}", {"message": message})
    assert answer.keys() == {"message", "success"}
    found: dict[str, Any] = json.loads(answer["message"])
    assert (found.pop("msg"), found.pop("id")) == ("result", "7")
    return found


def result(client: httpx.Client, method: str, *values: Any) -> Any:
    found = told(client, method, *values)
    assert found.keys() == {"result"}
    return found["result"]


def refused(client: httpx.Client, method: str, *values: Any) -> dict[str, Any]:
    error: dict[str, Any] = told(client, method, *values)["error"]
    assert (error["isClientSafe"], error["errorType"]) == (True, "Meteor.Error")
    return error


def test_the_id_of_a_room(bob: httpx.Client, eve: httpx.Client, group: dict[str, Any]) -> None:
    for named in (group["_id"], group["name"]):
        assert result(bob, "getRoomIdByNameOrId", named) == group["_id"]
        assert refused(eve, "getRoomIdByNameOrId", named) == {
            "isClientSafe": True,
            "error": "error-not-allowed",
            "reason": "Not allowed",
            "details": {"method": "getRoomIdByNameOrId"},
            "message": "Not allowed [error-not-allowed]",
            "errorType": "Meteor.Error",
        }
    assert result(eve, "getRoomIdByNameOrId", "general") == "GENERAL"
    assert refused(bob, "getRoomIdByNameOrId", "nowhere")["error"] == "error-not-allowed"


def test_a_message_is_sent_and_changed(bob: httpx.Client, group: dict[str, Any]) -> None:
    body = {"rid": group["_id"], "msg": "hi", "bot": {"i": "js.SDK"}}
    sent = result(bob, "sendMessage", body)
    assert (sent["msg"], sent["bot"], sent["u"]["username"]) == ("hi", {"i": "js.SDK"}, "method-bob")
    assert isinstance(sent["ts"]["$date"], int)
    assert told(bob, "updateMessage", {"_id": sent["_id"], "rid": group["_id"], "msg": "hello"}) == {}
    found = listed(bob, "chat.getMessage", msgId=sent["_id"])["message"]
    assert (found["msg"], found["editedBy"]["username"]) == ("hello", "method-bob")
    assert told(bob, "updateMessage", {"_id": "nothing", "msg": "x"}) == {}
    key = refused(bob, "updateMessage", {"_id": sent["_id"], "msg": "x", "alias": "Boss"})
    assert (key["error"], key["reason"]) == ("error-invalid-update-key", "Cannot update the message alias")


def test_messages_that_are_refused(bob: httpx.Client, eve: httpx.Client, group: dict[str, Any]) -> None:
    error = refused(eve, "sendMessage", {"rid": group["_id"], "msg": "hi"})
    assert (error["error"], error["reason"], error["message"]) == (("error-not-allowed",) * 3)
    error = refused(bob, "sendMessage", {"rid": group["_id"], "msg": "a" * 5_001})
    assert error["message"] == "Message size exceeds Message_MaxAllowedSize [error-message-size-exceeded]"
    for value in ("x", None, {}, {"rid": 5}):
        assert refused(bob, "sendMessage", value)["message"] == "Match failed [400]"
    theirs = say(bob, group["_id"], "mine")
    error = refused(eve, "updateMessage", {"_id": theirs["_id"], "msg": "x"})
    assert error["error"] == "error-not-allowed"


def test_history(server: Server, bob: httpx.Client, eve: httpx.Client, group: dict[str, Any]) -> None:
    rid, said = group["_id"], []
    for number in range(4):
        tick()
        said.append(say(server.admin, rid, f"m{number}"))
    say(server.admin, rid, "reply", tmid=said[0]["_id"])
    found = result(bob, "loadHistory", rid)
    assert [one["msg"] for one in found["messages"]] == ["reply", "m3", "m2", "m1", "m0"]
    assert found["unreadNotLoaded"] == 0
    moments = [one["ts"]["$date"] for one in found["messages"]]
    assert moments == sorted(moments, reverse=True)
    page = result(bob, "loadHistory", rid, {"$date": moments[1]}, 1, said[0]["ts"], False)
    assert [one["msg"] for one in page["messages"]] == ["m2"]
    assert (page["unreadNotLoaded"], page["firstUnread"]["msg"]) == (1, "m1")
    alone = result(bob, "loadHistory", rid, None, 50, None, False)
    assert [one["msg"] for one in alone["messages"]] == ["m3", "m2", "m1", "m0"]
    assert result(eve, "loadHistory", rid) is False
    assert result(eve, "loadHistory", "nowhere") is False
    for values in ((), (5,), (rid, "soon"), (rid, None, "many")):
        assert refused(bob, "loadHistory", *values)["error"] == 400


@pytest.mark.usefixtures("eve")
def test_a_conversation(server: Server, bob: httpx.Client) -> None:
    found = result(bob, "createDirectMessage", "method-eve")
    assert found == {"t": "d", "rid": found["rid"], "usernames": ["method-bob", "method-eve"]}
    assert post(bob, "im.create", {"username": "method-eve"})["room"]["rid"] == found["rid"]
    assert len(result(bob, "createDirectMessage", "method-eve", "admin")["usernames"]) == 3
    assert refused(bob, "createDirectMessage", "nobody")["error"] == "error-invalid-user"
    assert refused(bob, "createDirectMessage")["error"] == 400


def test_methods_that_are_not_there(bob: httpx.Client) -> None:
    assert refused(bob, "joinRoom", "GENERAL") == {
        "isClientSafe": True,
        "error": 404,
        "reason": "Method 'joinRoom' not found",
        "message": "Method 'joinRoom' not found [404]",
        "errorType": "Meteor.Error",
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "must have required property 'message' [invalid-params]"),
        ({"message": {}}, "must be string [invalid-params]"),
        ({"message": "{"}, 'The parameter "message" is not valid JSON: '),
        ({"message": "[]"}, "Invalid method call"),
        ({"message": '{"msg":"ping","id":"1","method":"x","params":[]}'}, "Invalid method call"),
        ({"message": '{"msg":"method","id":"1","method":"x"}'}, "Invalid method call"),
        ({"message": '{"msg":"method","method":"x","params":[]}'}, "Invalid method call"),
    ],
)
def test_calls_that_are_none(bob: httpx.Client, body: dict[str, Any], error: str) -> None:
    answer = bob.post(f"{API}/method.call/x", json=body)
    assert answer.status_code == 400
    assert failed(answer)[1].startswith(error)


def test_nobody_calls_without_logging_in(server: Server) -> None:
    with server.anonymous() as visitor:
        answer = visitor.post(f"{API}/method.call/loadHistory", json={"message": "{}"})
    assert answer.status_code == 401
