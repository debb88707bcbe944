"""Two nodes that are asked for the same at the same time: what one alone makes sure of, they do together.

On SQLite, which serves one node, both are the same.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from strongback.testing.receiver import Receiver
from tests.wire.conftest import another, calm
from tests.wire.making import incoming, post, reach_bot
from tests.wire.outgoing import Group
from tests.wire.server import Server
from tests.wire.test_races import API, at_once

ROUNDS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("one"), "--dev")
    try:
        reach_bot(running)
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def other(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with another(server, tmp_path_factory.mktemp("another"), "--dev") as node:
        yield node


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def callers(*nodes: Server) -> list[httpx.Client]:
    """Four visitors, of whom each node has two."""
    return [node.anonymous(check=False) for node in (*nodes, *nodes)]


def hook_path(hook: dict[str, Any]) -> str:
    return f"/hooks/{hook['_id']}/{hook['token']}"


def messages(server: Server, rid: str) -> list[str]:
    """The texts of a group that are no system messages."""
    answer = server.admin.get(f"{API}/groups.messages", params={"roomId": rid, "count": 0})
    return [one["msg"] for one in answer.raise_for_status().json()["messages"] if "t" not in one]


def test_hooks_that_post_in_the_same_groups_in_another_order(
    server: Server, other: Server, receiver: Receiver
) -> None:
    groups = [Group(server, receiver) for _ in range(3)]
    for listening in groups:  # each group is heard by the integrations of all
        for group in groups:
            if group is not listening:
                listening.attach(channel=f"#{group.name}")
    bound = [",".join(f"#{one.name}" for one in order) for order in (groups, groups[::-1])]
    bound += [f"#{groups[1].name},#{groups[0].name}", f"#{groups[2].name},#{groups[0].name}"]
    hooks = [
        incoming(server.admin, f"many-{n}", channel, username="rocket.cat") for n, channel in enumerate(bound)
    ]
    for number in range(ROUNDS):
        calls = [
            partial(caller.post, hook_path(hook), json={"text": f"{number}"})
            for caller in callers(server, other)
            for hook in hooks
        ]
        assert [answer.status_code for answer in at_once(*calls)] == [200] * 16
    said = [len(messages(server, group.id)) for group in groups]
    assert said == [16 * ROUNDS, 12 * ROUNDS, 12 * ROUNDS]
    for group in groups:
        assert len(receiver.wait(sum(said), 30.0, group.path)) == sum(said)


def test_of_calls_with_one_key_one_posts(server: Server, other: Server) -> None:
    rid = post(server.admin, "groups.create", {"name": "node-keys", "members": ["reach-bot"]})["group"]["_id"]
    hook = incoming(server.admin, "keys", "#node-keys")
    for number in range(ROUNDS):
        headers = {"Idempotency-Key": f"key-{number}"}
        calls = [
            partial(caller.post, hook_path(hook), json={"text": f"{number}"}, headers=headers)
            for caller in callers(server, other)
        ]
        answers = at_once(*calls)
        assert {(one.status_code, one.text) for one in answers} == {(200, '{"success":true}')}
        assert sum("idempotency-replayed" in one.headers for one in answers) == 3
    assert sorted(messages(server, rid)) == [f"{number}" for number in range(ROUNDS)]


def test_of_messages_with_one_id_one_is_posted(server: Server, other: Server) -> None:
    rid = post(server.admin, "groups.create", {"name": "node-ids"})["group"]["_id"]
    clients = [node.client("admin", "pw-admin") for node in (server, other, server, other)]
    for number in range(ROUNDS):
        answers = at_once(
            *(
                partial(
                    client.post,
                    f"{API}/chat.sendMessage",
                    json={"message": {"_id": f"chosen-{number}", "rid": rid, "msg": f"{number}-{place}"}},
                )
                for place, client in enumerate(clients)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        errors = {answer.json()["error"] for answer in answers if answer.status_code == 400}
        assert errors == {f'There is a message with the id "chosen-{number}" already.'}
        (made,) = [answer.json()["message"]["msg"] for answer in answers if answer.status_code == 200]
        assert messages(server, rid)[0] == made
    assert len(messages(server, rid)) == ROUNDS


def test_of_tokens_with_one_name_one_is_made(server: Server, other: Server) -> None:
    clients = [node.client("admin", "pw-admin") for node in (server, other, server, other)]
    for number in range(ROUNDS):
        path, body = f"{API}/users.generatePersonalAccessToken", {"tokenName": f"node-{number}"}
        answers = at_once(*(partial(client.post, path, json=body) for client in clients))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        errors = {answer.json()["errorType"] for answer in answers if answer.status_code == 400}
        assert errors == {"error-token-already-exists"}


def test_guesses_at_a_password_are_counted_together(server: Server, other: Server) -> None:
    server.create_user("guessed")
    wrong = {"user": "guessed", "password": "wrong"}
    clients = callers(server, other)
    answers = [
        at_once(*(partial(client.post, f"{API}/login", json=wrong) for client in clients)) for _ in range(4)
    ]
    found = [answer.json()["error"] for round in answers for answer in round]
    assert found.count("Unauthorized") == 10
    assert found.count("error-login-blocked-for-user") == 6
    for client in clients:
        answer = client.post(f"{API}/login", json=wrong | {"password": "pw-guessed"})
        assert answer.json()["error"] == "error-login-blocked-for-user"
