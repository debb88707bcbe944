"""Threads over HTTP."""

import time
from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.server import Server
from tests.wire.test_messages import failed, listed, say, setting

API = "/api/v1"


def tick() -> None:
    """Wait for the next millisecond: messages of the same one have no order."""
    now = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == now:
        pass


@pytest.fixture(scope="module")
def bob(server: Server) -> httpx.Client:
    return server.create_user("threads-bob")


@pytest.fixture(scope="module")
def eve(server: Server) -> httpx.Client:
    """Somebody who is in no group."""
    return server.create_user("threads-eve")


@pytest.fixture
def rid(server: Server, bob: httpx.Client, request: pytest.FixtureRequest) -> str:
    """A group of the administrator's and Bob's, named after the test."""
    body = {"name": f"threads-{request.node.name}", "members": ["threads-bob"]}
    id: str = post(server.admin, "groups.create", body)["group"]["_id"]
    return id


@pytest.fixture
def roots(server: Server, bob: httpx.Client, rid: str) -> list[dict[str, Any]]:
    """Two messages of the administrator's; the first is answered by Bob, then the second by the administrator."""
    made = [say(server.admin, rid, text) for text in ("first root", "second root")]
    for who, root in ((bob, made[0]), (server.admin, made[1])):
        tick()
        say(who, rid, f"to {root['msg']}", tmid=root["_id"])
    return made


def threads(client: httpx.Client, rid: str, **query: str) -> list[str]:
    found = listed(client, "chat.getThreadsList", rid=rid, **query)
    assert found["count"] == len(found["threads"])
    return [one["msg"] for one in found["threads"]]


@pytest.mark.usefixtures("roots")
def test_the_threads_of_a_room(server: Server, bob: httpx.Client, rid: str) -> None:
    assert threads(bob, rid) == ["second root", "first root"]
    assert threads(bob, rid, type="all", offset="1", count="1") == ["first root"]
    assert threads(bob, rid, type="following") == ["first root"]
    assert threads(server.admin, rid, type="following") == ["second root", "first root"]
    assert threads(server.admin, rid, text="FIRST") == ["first root"]
    found = listed(bob, "chat.getThreadsList", rid=rid, count="1")
    assert (found["count"], found["offset"], found["total"]) == (1, 0, 2)
    assert found["threads"][0]["tcount"] == 1


@pytest.mark.usefixtures("roots")
def test_threads_that_are_unread(
    server: Server, bob: httpx.Client, rid: str, roots: list[dict[str, Any]]
) -> None:
    assert threads(server.admin, rid, type="unread") == []
    tick()
    say(bob, rid, "more", tmid=roots[1]["_id"])
    assert threads(server.admin, rid, type="unread") == ["second root"]
    post(server.admin, "subscriptions.read", {"rid": rid})
    assert threads(server.admin, rid, type="unread") == []


def test_the_replies_of_a_thread(bob: httpx.Client, rid: str, roots: list[dict[str, Any]]) -> None:
    root = roots[0]["_id"]
    for number in range(3):
        tick()
        say(bob, rid, f"reply {number}", tmid=root)
    found = listed(bob, "chat.getThreadMessages", tmid=root)
    texts = ["to first root", "reply 0", "reply 1", "reply 2"]
    assert [one["msg"] for one in found["messages"]] == texts
    assert (found["count"], found["offset"], found["total"]) == (4, 0, 4)
    page = listed(bob, "chat.getThreadMessages", tmid=root, sort='{"ts":-1}', count="2")
    assert [one["msg"] for one in page["messages"]] == texts[:1:-1]


def test_follow_and_unfollow(bob: httpx.Client, rid: str, roots: list[dict[str, Any]]) -> None:
    for _ in range(2):
        assert post(bob, "chat.followMessage", {"mid": roots[1]["_id"]}) == {"success": True}
    assert threads(bob, rid, type="following") == ["second root", "first root"]
    assert post(bob, "chat.unfollowMessage", {"mid": roots[0]["_id"]}) == {"success": True}
    assert threads(bob, rid, type="following") == ["second root"]


def test_what_changed_among_threads(
    server: Server, bob: httpx.Client, rid: str, roots: list[dict[str, Any]]
) -> None:
    tick()
    reply = say(bob, rid, "again", tmid=roots[0]["_id"])
    alone = say(bob, rid, "alone")
    since = listed(bob, "chat.getMessage", msgId=roots[1]["_id"])["message"]["_updatedAt"]
    found = listed(bob, "chat.syncThreadsList", rid=rid, updatedSince=since)["threads"]
    assert ([one["_id"] for one in found["update"]], found["remove"]) == ([roots[0]["_id"]], [])
    found = listed(bob, "chat.syncThreadMessages", tmid=roots[0]["_id"], updatedSince=since)["messages"]
    assert ([one["_id"] for one in found["update"]], found["remove"]) == ([reply["_id"]], [])
    for gone in (reply, alone):
        post(bob, "chat.delete", {"roomId": rid, "msgId": gone["_id"]})
    for path, name, query in (
        ("chat.syncThreadsList", "threads", {"rid": rid}),
        ("chat.syncThreadMessages", "messages", {"tmid": roots[0]["_id"]}),
    ):
        removed = listed(bob, path, **query, updatedSince=since)[name]["remove"]
        assert [one["_id"] for one in removed] == [reply["_id"], alone["_id"]]
    left = listed(bob, "chat.getMessage", msgId=roots[0]["_id"])["message"]
    first = listed(bob, "chat.getThreadMessages", tmid=roots[0]["_id"])["messages"][0]
    assert (left["tcount"], left["tlm"]) == (1, first["ts"])


def test_refused(
    server: Server, bob: httpx.Client, eve: httpx.Client, rid: str, roots: list[dict[str, Any]]
) -> None:
    root = roots[0]["_id"]
    reads = [
        ("chat.getThreadsList", {"rid": rid}),
        ("chat.getThreadMessages", {"tmid": root}),
        ("chat.syncThreadsList", {"rid": rid, "updatedSince": "2024-01-01"}),
        ("chat.syncThreadMessages", {"tmid": root, "updatedSince": "2024-01-01"}),
    ]
    for path, query in reads:
        assert failed(eve.get(f"{API}/{path}", params=query))[1] == "Not Allowed [error-not-allowed]"
        name = next(iter(query))
        missing = f"must have required property '{name}' [invalid-params]"
        assert failed(bob.get(f"{API}/{path}")) == (400, missing, "invalid-params")
        if "updatedSince" in query:
            answer = bob.get(f"{API}/{path}", params=query | {"updatedSince": "soon"})
            assert failed(answer)[2] == "error-updatedSince-param-invalid"
    with setting(server, "Threads_enabled", False, True):
        for path, query in reads:
            answer = bob.get(f"{API}/{path}", params=query)
            assert failed(answer)[1] == "Threads Disabled [error-not-allowed]"
        for path in ("chat.followMessage", "chat.unfollowMessage"):
            answer = bob.post(f"{API}/{path}", json={"mid": root})
            assert failed(answer)[1] == "not-allowed [error-not-allowed]"
    answer = bob.get(f"{API}/chat.getThreadMessages", params={"tmid": "nothing"})
    assert failed(answer)[1] == "Invalid Message [error-invalid-message]"
    answer = bob.get(f"{API}/chat.getThreadsList", params={"rid": rid, "type": "some"})
    assert failed(answer)[2] == "error-invalid-params"
    text = 'The required "mid" body param is missing.'
    for path in ("chat.followMessage", "chat.unfollowMessage"):
        assert failed(bob.post(f"{API}/{path}", json={})) == (400, f"[{text}]", text)
        assert failed(eve.post(f"{API}/{path}", json={"mid": root}))[2] == "error-not-allowed"
        answer = eve.post(f"{API}/{path}", json={"mid": "nothing"})
        assert failed(answer)[1] == "Invalid message [error-invalid-message]"
