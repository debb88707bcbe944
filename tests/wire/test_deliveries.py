"""integrations.deliveries, integrations.replay and integrations.clearHistory, and the ends of deliveries."""

import base64
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from strongback.testing.answer import Answer, Hold
from strongback.testing.received import Received
from strongback.testing.receiver import Receiver
from tests.wire.conftest import StartServer, calm
from tests.wire.making import post
from tests.wire.outgoing import Group, until
from tests.wire.server import Server

API = "/api/v1/integrations"
ENDS = {"delivered", "failed", "cancelled", "expired"}
TOKEN = "a-token-of-the-sender"
SHOWN = "*" * 17 + "nder"
DAY_MS = 86_400_000
NOTHING = {"script": "class Script { prepare_outgoing_request() {} }"}
COUNTING = {
    "script": """class Script { prepare_outgoing_request({request}) {
        const n = (Store.get('n') || 0) + 1; Store.set('n', n);
        return {url: request.url, method: 'PUT', headers: {'x-number': String(n)}, data: {n, said: request.data.text}};
    } }"""
}
QUICK = {"retryFailedCalls": True, "retryCount": 3, "retryDelay": "powers-of-ten"}
"""Tried again after 0.1 s, 1 s and 10 s."""


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


def listed(group: Group, client: httpx.Client | None = None, **params: Any) -> dict[str, Any]:
    """The answer of integrations.deliveries."""
    asked = {"integrationId": group.integration["_id"], **params}
    answer = (client or group.server.admin).get(f"{API}.deliveries", params=asked)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def in_state(group: Group, state: str, count: int = 1) -> list[dict[str, Any]]:
    """The deliveries in a state, newest first, once there are so many."""

    def there() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = listed(group, state=state)["deliveries"]
        return found if len(found) >= count else None

    found: list[dict[str, Any]] = until(there, f"{count} deliveries of {group.name} that are {state}")
    return found


def replay(group: Group, client: httpx.Client | None = None, **body: Any) -> str:
    """Replay, by default the newest record; the id of the new delivery."""
    if "deliveryId" not in body and "historyId" not in body:
        body["historyId"] = group.history()[-1]["_id"]
    made = post(
        client or group.server.admin,
        "integrations.replay",
        {"integrationId": group.integration["_id"], **body},
    )
    return str(made["deliveryId"])


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and the error of a refusal."""
    return answer.status_code, answer.json()["error"]


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


def change(group: Group, **members: Any) -> None:
    """Change the integration of a group."""
    names = ("type", "name", "username", "event", "urls", "scriptEnabled", "enabled")
    body = {name: group.integration[name] for name in names}
    body |= {"integrationId": group.integration["_id"], "channel": f"#{group.name}", "token": TOKEN}
    group.server.admin.put(f"{API}.update", json=body | members).raise_for_status()


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
    link = sqlite3.connect(server.database)
    with link:  # the clock of the server can not be moved from here
        long_ago = int(time.time() * 1000) - 8 * DAY_MS
        link.execute("UPDATE deliveries SET created = ?, next_at = next_at + ?", (long_ago, DAY_MS))
    link.close()
    later = start_server("--dev")
    group.server = later
    [delivery] = in_state(group, "expired")
    assert delivery["integrationId"] == id
    assert delivery["reason"] == "it could not be sent for 7 days"


def test_a_delivery_that_can_not_be_signed_waits(start_server: StartServer, receiver: Receiver) -> None:
    server = calm(start_server("--dev"))
    group = Group(server, receiver)
    secret = "whsec_" + base64.b64encode(b"x" * 24).decode()
    post(
        server.admin,
        "integrations.setSecret",
        {"integrationId": group.integration["_id"], "secret": secret},
    )
    server.stop()
    server.database.with_name("secret.key").unlink()
    group.server = start_server("--dev")
    group.post("hello")

    def waits() -> dict[str, Any] | None:
        delivery: dict[str, Any] = listed(group)["deliveries"][0]
        return delivery if delivery["reason"] else None

    delivery = until(waits, "a delivery that waits for the key")
    assert (delivery["state"], delivery["attempts"]) == ("pending", 0)
    assert delivery["reason"] == "the server could not send it: the log says why"
    assert delivery["nextAt"] > delivery["updatedAt"]
    assert "secret.key is gone" in group.server.log


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


# Replays.


def test_a_replay_sends_the_stored_body_again(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **COUNTING)
    group.post("party")
    [first] = receiver.wait(1, path=group.path)
    assert first.json() == {"n": 1, "said": "party"}
    until(lambda: True if time.time() >= stamp(first) + 1 else None, "another second")
    id = replay(group)
    second = receiver.wait(2, path=group.path)[1]
    assert (second.method, second.body, second.header("x-number")) == ("PUT", first.body, "1")
    assert second.header("webhook-id") == first.header("webhook-id")
    assert stamp(second) > stamp(first)
    assert (first.header("webhook-replay"), second.header("webhook-replay")) == (None, "1")
    assert id == f"{in_state(group, 'delivered', 2)[1]['_id']}.1"
    assert in_state(group, "delivered", 2)[0]["replay"] == 1
    assert group.history(2)[1]["deliveryId"] == id


def stamp(request: Received) -> int:
    """When a request was sent, as it says."""
    return int(request.header("webhook-timestamp") or "")


def test_a_replay_renders_on_request(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **COUNTING)
    group.post("party")
    [first] = receiver.wait(1, path=group.path)
    replay(group, render=True)
    second = receiver.wait(2, path=group.path)[1]
    assert second.json() == {"n": 2, "said": "party"}
    assert second.header("webhook-id") == first.header("webhook-id")
    assert second.header("webhook-replay") == "1"


def test_a_failed_replay_is_tried_again_with_the_same_body(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **COUNTING, **QUICK)
    receiver.script(group.path, [Answer(200, "ok"), Answer(502), Answer(502), Answer(200, "ok")])
    group.post("party")
    [delivery] = in_state(group, "delivered")
    id = replay(group, deliveryId=delivery["_id"])
    receiver.wait(3, path=group.path)
    change(group, name="changed between the second attempt and the third")
    requests = receiver.wait(4, path=group.path)
    assert {request.body for request in requests} == {requests[0].body}
    assert [request.header("webhook-replay") for request in requests] == [None, "1", "1", "1"]
    newest = in_state(group, "delivered", 2)[0]
    assert (newest["_id"], newest["attempts"]) == (id, 3)


def test_a_replay_sends_what_the_last_attempt_sent(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **COUNTING, **QUICK)
    receiver.script(group.path, [Answer(502), Answer(502), Answer(200, "ok")])
    group.post("party")
    receiver.wait(2, path=group.path)
    change(group, name="changed between the second attempt and the third")
    receiver.wait(3, path=group.path)
    in_state(group, "delivered")
    replay(group)
    said = [request.json()["n"] for request in receiver.wait(4, path=group.path)]
    assert said == [1, 1, 2, 2]


def test_replays_are_numbered(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    group.post("hello")
    [delivery] = in_state(group, "delivered")
    first = replay(group, deliveryId=delivery["_id"])
    second = replay(group, deliveryId=first)
    assert (first, second) == (f"{delivery['_id']}.1", f"{delivery['_id']}.2")
    requests = receiver.wait(3, path=group.path)
    assert sorted(request.header("webhook-replay") or "0" for request in requests) == ["0", "1", "2"]
    assert len({request.header("webhook-id") for request in requests}) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"historyId": "x"}, "Invalid Integration History [error-invalid-integration-history]"),
        ({"deliveryId": "x"}, "Invalid delivery [error-invalid-delivery]"),
        (
            {"integrationId": "x", "historyId": "x"},
            "Invalid integration [error-invalid-integration]",
        ),
    ],
)
def test_replay_refusals(server: Server, receiver: Receiver, body: dict[str, str], error: str) -> None:
    group = Group(server, receiver)
    answer = server.admin.post(f"{API}.replay", json={"integrationId": group.integration["_id"], **body})
    assert refused(answer) == (400, error)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"integrationId": "x"},
        {"integrationId": "x", "historyId": "a", "deliveryId": "b"},
        {"historyId": "a"},
    ],
    ids=str,
)
def test_a_replay_names_one_thing(server: Server, body: dict[str, str]) -> None:
    status, error = refused(server.admin.post(f"{API}.replay", json=body))
    assert (status, error.endswith("must match exactly one schema in oneOf [invalid-params]")) == (400, True)


def test_a_disabled_integration_replays_nothing(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    group.post("hello")
    record = group.history()[0]["_id"]
    change(group, enabled=False)
    body = {"integrationId": group.integration["_id"], "historyId": record}
    assert refused(server.admin.post(f"{API}.replay", json=body)) == (
        400,
        "The integration is disabled: enable it, then replay [error-integration-disabled]",
    )


# The end of history.


def test_history_is_cleared_and_deliveries_stay(server: Server, receiver: Receiver) -> None:
    group, other = Group(server, receiver), Group(server, receiver)
    for one in (group, other):
        one.post("hello")
        one.history()
    post(server.admin, "integrations.clearHistory", {"integrationId": group.integration["_id"]})
    answer = server.admin.get(f"{API}.history", params={"id": group.integration["_id"]})
    assert answer.json()["total"] == 0
    assert len(other.history()) == 1
    [delivery] = listed(group)["deliveries"]
    replay(group, deliveryId=delivery["_id"])
    assert len(group.history()) == 1


def test_clearing_refusals(server: Server) -> None:
    answer = server.admin.post(f"{API}.clearHistory", json={"integrationId": "nothing"})
    assert refused(answer) == (400, "Invalid integration [error-invalid-integration]")
    answer = server.admin.post(f"{API}.clearHistory", json={})
    assert refused(answer) == (400, "must have required property 'integrationId' [invalid-params]")
