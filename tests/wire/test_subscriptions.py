"""subscriptions.* over HTTP."""

import httpx
import pytest

from tests.wire.making import post
from tests.wire.server import Server
from tests.wire.test_messages import failed, listed, say
from tests.wire.test_threads import tick

API = "/api/v1"


@pytest.fixture(scope="module")
def bob(server: Server) -> httpx.Client:
    return server.create_user("subs-bob")


@pytest.fixture(scope="module")
def eve(server: Server) -> httpx.Client:
    return server.create_user("subs-eve")


@pytest.fixture
def rid(server: Server, bob: httpx.Client, request: pytest.FixtureRequest) -> str:
    """A group of the administrator's and Bob's, named after the test, in which nothing is unread."""
    body = {"name": f"subs-{request.node.name}", "members": ["subs-bob"]}
    id: str = post(server.admin, "groups.create", body)["group"]["_id"]
    return id


def state(client: httpx.Client, rid: str) -> tuple[bool, int]:
    mine = listed(client, "subscriptions.getOne", roomId=rid)["subscription"]
    return mine["alert"], mine["userMentions"]


def test_one_subscription(server: Server, bob: httpx.Client, eve: httpx.Client, rid: str) -> None:
    mine = listed(bob, "subscriptions.getOne", roomId=rid)["subscription"]
    assert (mine["rid"], mine["t"], mine["u"]["username"], mine["open"]) == (rid, "p", "subs-bob", True)
    assert (mine["alert"], mine["unread"], mine["userMentions"], mine["groupMentions"]) == (False, 0, 0, 0)
    assert "ls" not in mine
    owner = listed(server.admin, "subscriptions.getOne", roomId=rid)["subscription"]
    assert (owner["roles"], "ls" in owner) == (["owner"], True)
    for id in (rid, "nowhere"):
        assert listed(eve, "subscriptions.getOne", roomId=id)["subscription"] is None
    answer = eve.get(f"{API}/subscriptions.getOne")
    text = "must have required property 'roomId' [invalid-params]"
    assert failed(answer) == (400, text, "invalid-params")


def test_read_and_unread(server: Server, bob: httpx.Client, rid: str) -> None:
    say(server.admin, rid, "one")
    message = say(server.admin, rid, "two @subs-bob")
    assert state(bob, rid) == (True, 1)
    tick()
    assert post(bob, "subscriptions.read", {"rid": rid}) == {"success": True}
    assert state(bob, rid) == (False, 0)
    post(bob, "subscriptions.unread", {"firstUnreadMessage": {"_id": message["_id"]}})
    assert state(bob, rid) == (True, 1)
    post(bob, "subscriptions.read", {"roomId": rid, "readThreads": True})
    assert state(bob, rid) == (False, 0)
    post(bob, "subscriptions.unread", {"roomId": rid})
    assert state(bob, rid) == (True, 1)


def test_who_writes_has_read(server: Server, bob: httpx.Client, rid: str) -> None:
    say(server.admin, rid, "@subs-bob")
    tick()
    said = say(bob, rid, "yes")
    assert state(bob, rid) == (False, 0)
    mine = listed(bob, "subscriptions.getOne", roomId=rid)["subscription"]
    assert mine["ls"] >= said["ts"]
    assert state(server.admin, rid) == (True, 0)


def test_all_and_what_changed(server: Server, bob: httpx.Client, rid: str) -> None:
    everything = listed(bob, "subscriptions.get")
    assert rid in {one["rid"] for one in everything["update"]}
    assert everything["remove"] == []
    quiet = post(server.admin, "groups.create", {"name": "subs-quiet", "members": ["subs-bob"]})["group"][
        "_id"
    ]
    left = listed(bob, "subscriptions.getOne", roomId=quiet)["subscription"]
    tick()
    since = say(server.admin, quiet, "now")["ts"]
    tick()
    say(server.admin, rid, "later")
    changed = listed(bob, "subscriptions.get", updatedSince=since)
    assert {one["rid"] for one in changed["update"]} == {rid}
    tick()
    post(bob, "groups.leave", {"roomId": quiet})
    (gone,) = listed(bob, "subscriptions.get", updatedSince=since)["remove"]
    assert (gone["_id"], gone["_deletedAt"] > since) == (left["_id"], True)


def test_refused(server: Server, bob: httpx.Client, eve: httpx.Client, rid: str) -> None:
    date = 'The "lastUpdate" query parameter must be a valid date. [error-roomId-param-invalid]'
    answer = bob.get(f"{API}/subscriptions.get", params={"updatedSince": "soon"})
    assert failed(answer) == (400, date, "error-roomId-param-invalid")
    answer = eve.post(f"{API}/subscriptions.read", json={"rid": rid})
    assert failed(answer) == (400, "error-invalid-subscription", None)
    answer = eve.post(f"{API}/subscriptions.unread", json={"roomId": rid})
    assert failed(answer) == (400, "error-invalid-subscription", None)
    answer = bob.post(f"{API}/subscriptions.unread", json={"roomId": rid})
    empty = "There are no messages to mark unread [error-no-message-for-unread]"
    assert failed(answer) == (400, empty, "error-no-message-for-unread")
    mine = say(bob, rid, "mine")["_id"]
    answer = bob.post(f"{API}/subscriptions.unread", json={"firstUnreadMessage": {"_id": mine}})
    assert failed(answer)[1] == "Not allowed [error-action-not-allowed]"
    answer = eve.post(f"{API}/subscriptions.unread", json={"firstUnreadMessage": {"_id": mine}})
    assert failed(answer)[1] == "Subscription not found [error-subscription-not-found]"
    for path in ("read", "unread"):
        for body in ({}, {"roomId": 5}, {"roomId": rid, "more": 1}):
            answer = bob.post(f"{API}/subscriptions.{path}", json=body)
            assert failed(answer)[2] == "invalid-params"
