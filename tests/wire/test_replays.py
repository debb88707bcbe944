"""integrations.replay and integrations.clearHistory."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from strongback.testing.answer import Answer
from strongback.testing.received import Received
from strongback.testing.receiver import Receiver
from tests.wire.conftest import calm
from tests.wire.delivering import API, COUNTING, QUICK, change, in_state, listed, refused, replay
from tests.wire.making import post
from tests.wire.outgoing import Group, until
from tests.wire.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("replays"), "--dev")
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


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


def test_replays_at_once_are_all_sent(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **COUNTING)
    group.post("party")
    receiver.wait(1, path=group.path)
    in_state(group, "delivered", 1)
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(lambda _: replay(group), range(16)))
    assert sorted(int(id.rpartition(".")[2]) for id in ids) == list(range(1, 17))
    sent = receiver.wait(17, path=group.path, timeout=30)
    assert sorted(int(one.header("webhook-replay") or 0) for one in sent) == list(range(17))


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
