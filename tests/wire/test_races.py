"""Requests at the same time: of two that exclude one another, one is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import httpx

from tests.wire.making import post
from tests.wire.server import Server

ROUNDS = 12
API = "/api/v1"


def at_once(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Make calls that begin together; answers what they got, in order."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], httpx.Response]) -> httpx.Response:
        ready.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_groups_with_one_name_one_is_made(server: Server, other: Server) -> None:
    clients = [at.client("admin", "pw-admin") for at in (server, other) * 2]
    for number in range(ROUNDS):
        body = {"name": f"races-{number}"}
        answers = at_once(*[partial(client.post, f"{API}/groups.create", json=body) for client in clients])
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        errors = {answer.json()["errorType"] for answer in answers if answer.status_code == 400}
        assert errors == {"error-duplicate-channel-name"}


def test_no_integration_outlives_its_account_enabled(server: Server, other: Server) -> None:
    post(server.admin, "groups.create", {"name": "races-hooks"})
    clients = [at.client("admin", "pw-admin") for at in (server, other) * 2]
    for number in range(ROUNDS):
        username = f"races-bot{number}"
        server.create_user(username)
        create = [
            partial(client.post, f"{API}/integrations.create", json=integration(username, kind))
            for client, kind in zip(clients[1:], ("incoming", "outgoing", "incoming"), strict=True)
        ]
        delete = partial(clients[0].post, f"{API}/users.delete", json={"username": username})
        deleted, *answers = at_once(delete, *create)
        assert deleted.json() == {"success": True}
        made = [answer for answer in answers if answer.status_code == 200]
        for answer in answers:
            assert answer in made or answer.json()["errorType"] == "error-invalid-user"
        query = {"query": f'{{"username":"{username}"}}', "count": "0"}
        kept = server.admin.get(f"{API}/integrations.list", params=query).json()
        assert [one["enabled"] for one in kept["integrations"]] == [False] * len(made)


def test_no_update_enables_what_posts_as_nobody(server: Server, other: Server) -> None:
    post(server.admin, "groups.create", {"name": "races-again"})
    clients = [at.client("admin", "pw-admin") for at in (server, other) * 2]
    for number in range(ROUNDS):
        username = f"races-old{number}"
        server.create_user(username)
        updates = []
        for client, kind in zip(clients[1:3], ("incoming", "outgoing"), strict=True):
            sent = integration(username, kind) | {"channel": "#races-again"}
            id = post(server.admin, "integrations.create", sent)["integration"]["_id"]
            again = sent | {"integrationId": id, "token": "t"}
            updates.append(partial(client.put, f"{API}/integrations.update", json=again))
        delete = partial(clients[0].post, f"{API}/users.delete", json={"username": username})
        deleted, *answers = at_once(delete, *updates)
        assert deleted.json() == {"success": True}
        for answer in answers:
            refused = {"error-invalid-user", "error-invalid-post-as-user"}
            assert answer.status_code == 200 or answer.json()["errorType"] in refused
        query = {"query": f'{{"username":"{username}"}}', "count": "0"}
        kept = server.admin.get(f"{API}/integrations.list", params=query).json()
        assert [one["enabled"] for one in kept["integrations"]] == [False, False]


def integration(username: str, kind: str) -> dict[str, Any]:
    """The body of an integration that posts as an account."""
    more = {"event": "sendMessage", "urls": ["http://127.0.0.1:9/"]} if kind == "outgoing" else {}
    shared = {"channel": "#races-hooks", "scriptEnabled": False, "name": username, "enabled": True}
    return {"type": f"webhook-{kind}", "username": username} | shared | more
