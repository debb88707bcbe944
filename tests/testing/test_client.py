"""The client sends what it is told, and says what was refused."""

import pytest

from strongback.testing import Answer, Receiver, Refused
from strongback.testing.client import Client


def test_a_get_with_parameters(receiver: Receiver) -> None:
    receiver.answer(200, {"success": True})
    client = Client(receiver.url, {"X-User-Id": "u"})
    assert client.get("groups.list", count=5, query={"a": [1]}, text="é &") == {"success": True}
    assert client.get("/api/info") == {"success": True}
    listed, info = receiver.wait(2)
    assert (listed.method, listed.path) == ("GET", "/api/v1/groups.list")
    assert listed.query == {"count": "5", "query": '{"a": [1]}', "text": "é &"}
    assert listed.header("x-user-id") == "u"
    assert info.target == "/api/info"


def test_a_post(receiver: Receiver) -> None:
    client = Client(receiver.url, {"X-User-Id": "u"})
    assert client.post("/hooks/1/2", {"text": "hi"}, idempotency_key="k") == {}
    assert client.post("logout") == {}
    hook, logout = receiver.wait(2)
    assert (hook.method, hook.target, hook.json()) == ("POST", "/hooks/1/2", {"text": "hi"})
    assert (hook.header("Content-Type"), hook.header("Idempotency-Key")) == ("application/json", "k")
    assert (logout.path, logout.json()) == ("/api/v1/logout", {})


def test_a_refusal_names_the_answer(receiver: Receiver) -> None:
    receiver.script("/api/v1/me", [Answer(401, {"status": "error"}, {"X-Why": "because"})])
    with pytest.raises(Refused, match=r'GET me was answered 401: \{"status": "error"\}') as caught:
        Client(receiver.url).get("me")
    assert caught.value.reply.headers["x-why"] == "because"
    assert caught.value.reply.json() == {"status": "error"}


def test_send_returns_whatever_comes_and_adds_nothing(receiver: Receiver) -> None:
    receiver.answer(500, b"broken")
    reply = Client(receiver.url, {"X-User-Id": "u"}).send("PUT", "/x", b"\xff", {"A": "b"})
    assert (reply.status, reply.body) == (500, b"broken")
    (request,) = receiver.requests
    assert (request.body, request.header("x-user-id"), request.header("a")) == (b"\xff", None, "b")
