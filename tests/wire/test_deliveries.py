"""integrations.deliveries, who may see them, and where deliveries end."""

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from strongback.testing.answer import Answer, Hold
from strongback.testing.receiver import Receiver
from tests.stores import execute
from tests.wire.conftest import StartServer, calm
from tests.wire.delivering import API, QUICK, SHOWN, TOKEN, change, in_state, listed, refused, replay
from tests.wire.making import post
from tests.wire.outgoing import Group, until
from tests.wire.server import Server

ENDS = {"delivered", "failed", "cancelled", "expired"}
DAY_MS = 86_400_000
NOTHING = {"script": "class Script { prepare_outgoing_request() {} }"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("deliveries"), "--dev")
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


# Where deliveries end.


def test_a_delivery_that_arrives(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, token=TOKEN, triggerWords=["!gif"], urls=[f"{receiver.url}/a?t={TOKEN}"])
    message = group.post("!gif party")
    [delivery] = in_state(group, "delivered")
    event_id, _, number = delivery["_id"].partition(".")
    assert delivery == {
        "_id": f"{event_id}.{number}",
        "eventId": event_id,
        "event": "sendMessage",
        "integrationId": group.integration["_id"],
        "url": f"{receiver.url}/a?t={SHOWN}",
        "origin": receiver.url,
        "state": "delivered",
        "reason": None,
        "attempts": 1,
        "replay": 0,
        "triggerWord": "!gif",
        "createdAt": delivery["createdAt"],
        "updatedAt": delivery["updatedAt"],
    }
    assert message["ts"] <= delivery["createdAt"] <= delivery["updatedAt"]
    assert group.history()[0]["deliveryId"] == delivery["_id"]


def test_a_delivery_that_is_refused(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    receiver.script(group.path, [Answer(404, "no")])
    group.post("hello")
    [delivery] = in_state(group, "failed")
    assert (delivery["attempts"], delivery["reason"]) == (1, "the receiver answered 404: not tried again")


def test_a_delivery_that_its_script_does_not_want(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **NOTHING)
    group.post("hello")
    [delivery] = in_state(group, "cancelled")
    assert delivery["reason"] == "the script sent nothing"


def test_a_delivery_that_waits_for_a_disabled_integration(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **QUICK)
    receiver.script(group.path, [Answer(503)])
    group.post("hello")
    receiver.wait(2, path=group.path)

    def waits() -> dict[str, Any] | None:
        delivery: dict[str, Any] = listed(group)["deliveries"][0]
        return delivery if delivery["state"] == "pending" and delivery["attempts"] == 2 else None

    waiting = until(waits, "a delivery that waits for its third attempt")
    assert waiting["nextAt"] > waiting["updatedAt"]
    assert waiting["reason"] == "the receiver answered 503: attempt 3 of 4 follows"
    change(group, enabled=False)
    [delivery] = in_state(group, "cancelled")
    assert delivery["reason"] == "the integration is disabled"
    assert "nextAt" not in delivery


def test_a_delivery_whose_integration_is_removed(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, token=TOKEN, urls=[f"{receiver.url}/gone?t={TOKEN}"])
    hold = Hold()
    receiver.script("/gone", [hold])
    group.post("hello")
    [sending] = in_state(group, "sending")
    assert (sending["attempts"], sending["state"]) == (1, "sending")
    gone = {"type": "webhook-outgoing", "integrationId": group.integration["_id"]}
    post(server.admin, "integrations.remove", gone)
    hold.release()
    [delivery] = listed(group)["deliveries"]
    assert (delivery["state"], delivery["reason"]) == ("cancelled", "the integration was removed")
    assert (delivery["url"], TOKEN in str(delivery)) == (receiver.url, False)


def test_a_delivery_that_waits_for_too_long(start_server: StartServer, receiver: Receiver) -> None:
    server = calm(start_server("--dev"))
    group = Group(server, receiver)
    receiver.script(group.path, [Answer(503)])
    group.post("hello")
    in_state(group, "pending")
    id = group.integration["_id"]
    server.stop()
    long_ago = int(time.time() * 1000) - 8 * DAY_MS  # the clock of the server can not be moved from here
    execute(server.folder, "UPDATE outbox SET created = $1, next_at = next_at + $2", long_ago, DAY_MS)
    later = start_server("--dev")
    group.server = later
    [delivery] = in_state(group, "expired")
    assert delivery["integrationId"] == id
    assert delivery["reason"] == "it could not be sent for 7 days"


def test_a_delivery_that_can_not_be_signed_waits(start_server: StartServer, receiver: Receiver) -> None:
    server = calm(start_server("--dev", STRONGBACK_SECRET_KEY="one" * 20))
    group = Group(server, receiver)
    secret = "whsec_" + base64.b64encode(b"x" * 24).decode()
    post(
        server.admin,
        "integrations.setSecret",
        {"integrationId": group.integration["_id"], "secret": secret},
    )
    server.stop()
    group.server = start_server("--dev", STRONGBACK_SECRET_KEY="another" * 10)
    group.post("hello")

    def waits() -> dict[str, Any] | None:
        delivery: dict[str, Any] = listed(group)["deliveries"][0]
        return delivery if delivery["reason"] else None

    delivery = until(waits, "a delivery that waits for the key")
    assert (delivery["state"], delivery["attempts"]) == ("pending", 0)
    assert delivery["reason"] == "the server could not send it: the log says why"
    assert delivery["nextAt"] > delivery["updatedAt"]
    assert "was not sealed with the key in STRONGBACK_SECRET_KEY" in group.server.log


def test_each_delivery_reaches_exactly_one_end(server: Server, receiver: Receiver) -> None:
    groups = [
        Group(server, receiver, urls=[f"{receiver.url}/one", f"{receiver.url}/two"]),
        Group(server, receiver, urls=[f"{receiver.url}/no"]),
        Group(server, receiver, **NOTHING),
    ]
    receiver.script("/no", [Answer(410)])
    for text in ("a", "b", "c"):
        for group in groups:
            group.post(text)

    def over() -> list[list[str]] | None:
        states = [[one["state"] for one in listed(group)["deliveries"]] for group in groups]
        return states if all(state in ENDS for group in states for state in group) else None

    one, gone, nothing = until(over, "ends of all deliveries")
    assert one == ["delivered"] * 6
    assert nothing == ["cancelled"] * 3
    assert sorted(set(gone)) in (["cancelled", "failed"], ["failed"])
    for group in groups:
        found = listed(group)["deliveries"]
        assert len({delivery["_id"] for delivery in found}) == len(found)
        by_state = [listed(group, state=state)["total"] for state in sorted(ENDS)]
        assert sum(by_state) == len(found) == listed(group)["total"]


# How they are listed.


def test_pages_are_newest_first(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    for n in range(5):
        group.post(f"number {n}")
    all_of_them = in_state(group, "delivered", 5)
    ids, moments = [one["_id"] for one in all_of_them], [one["createdAt"] for one in all_of_them]
    assert moments == sorted(moments, reverse=True)
    page = listed(group, offset=1, count=2)
    assert {name: page[name] for name in ("offset", "count", "total", "success")} == {
        "offset": 1,
        "count": 2,
        "total": 5,
        "success": True,
    }
    assert [one["_id"] for one in page["deliveries"]] == ids[1:3]
    assert listed(group, count=0)["count"] == 5
    assert listed(group, state="failed")["deliveries"] == []


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, "must have required property 'integrationId' [invalid-params]"),
        ({"integrationId": ""}, "must NOT have fewer than 1 characters [invalid-params]"),
        ({"integrationId": " "}, "Invalid integration id."),
        ({"integrationId": "x", "offset": "a"}, "must be number [invalid-params]"),
        ({"integrationId": "x", "query": "{}"}, "must NOT have additional properties [invalid-params]"),
        (
            {"integrationId": "x", "state": "lost"},
            'The parameter "state" must be one of pending, sending, delivered, failed, cancelled, expired'
            " [error-invalid-params]",
        ),
    ],
)
def test_listing_refusals(server: Server, params: dict[str, str], error: str) -> None:
    assert refused(server.admin.get(f"{API}.deliveries", params=params)) == (400, error)


OUT_ALL, OUT_OWN = "manage-outgoing-integrations", "manage-own-outgoing-integrations"
IN_ALL = "manage-incoming-integrations"


@pytest.fixture
def bob(server: Server) -> Iterator[httpx.Client]:
    """Somebody who made nothing; his permissions are put back."""
    name = f"bob-{time.monotonic_ns()}"
    yield server.create_user(name)
    grant(server)


def grant(server: Server, *held: str) -> None:
    """Let ordinary users hold exactly these permissions."""
    rows = [
        {"_id": id, "roles": ["admin", "user"] if id in held else ["admin"]}
        for id in (OUT_ALL, OUT_OWN, IN_ALL)
    ]
    post(server.admin, "permissions.update", {"permissions": rows})


def test_who_may_see_replay_and_clear(server: Server, receiver: Receiver, bob: httpx.Client) -> None:
    group = Group(server, receiver)
    group.post("hello")
    record, id = group.history()[0]["_id"], group.integration["_id"]
    again = {"integrationId": id, "historyId": record}
    for held, seen, error in (
        ((), None, "Unauthorized [not_authorized]"),
        ((IN_ALL,), None, "Unauthorized [not_authorized]"),
        ((OUT_OWN,), 0, "Invalid integration [error-invalid-integration]"),
        ((OUT_ALL,), 1, None),
    ):
        grant(server, *held)
        answer = bob.get(f"{API}.deliveries", params={"integrationId": id})
        assert (answer.status_code, answer.json().get("total")) == (403 if seen is None else 200, seen), held
        answer = bob.post(f"{API}.replay", json=again)
        assert answer.json().get("error") == error, held
        answer = bob.post(f"{API}.clearHistory", json={"integrationId": id})
        clear = "Invalid integration [error-invalid-integration]" if held == (IN_ALL,) else error
        assert answer.json().get("error") == clear, held


def test_what_one_has_made_is_ones_own(server: Server, receiver: Receiver, bob: httpx.Client) -> None:
    grant(server, OUT_OWN, OUT_ALL)
    group = Group(server, receiver)
    name = bob.get("/api/v1/me").json()["username"]
    made = post(bob, "groups.create", {"name": f"of-{name}"})["group"]
    body = {
        "type": "webhook-outgoing",
        "name": "x",
        "enabled": True,
        "username": name,
        "scriptEnabled": False,
    }
    body |= {"channel": f"#{made['name']}", "event": "sendMessage", "urls": [f"{receiver.url}/own"]}
    group.integration = post(bob, "integrations.create", body)["integration"]
    grant(server, OUT_OWN)
    post(bob, "chat.postMessage", {"roomId": made["_id"], "text": "mine"})
    in_state(group, "delivered")
    assert listed(group, bob)["total"] == 1
    replay(group, bob)
    receiver.wait(2, path="/own")
    post(bob, "integrations.clearHistory", {"integrationId": group.integration["_id"]})
