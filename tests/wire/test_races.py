"""Requests at the same time: of two that exclude one another, one is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


def test_of_groups_with_one_name_one_is_made(server: Server) -> None:
    clients = [server.client("admin", "pw-admin") for _ in range(4)]
    for number in range(ROUNDS):
        body = {"name": f"races-{number}"}

        def create(client: httpx.Client, body: Any = body) -> httpx.Response:
            return client.post(f"{API}/groups.create", json=body)

        answers = at_once(*[lambda one=one: create(one) for one in clients])  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        errors = {answer.json()["errorType"] for answer in answers if answer.status_code == 400}
        assert errors == {"error-duplicate-channel-name"}


def test_no_integration_outlives_its_account_enabled(server: Server) -> None:
    post(server.admin, "groups.create", {"name": "races-hooks"})
    clients = [server.client("admin", "pw-admin") for _ in range(4)]
    made = 0
    for number in range(ROUNDS):
        username = f"races-bot{number}"
        server.create_user(username)
        answers = at_once(
            lambda name=username: clients[0].post(f"{API}/users.delete", json={"username": name}),  # type: ignore[misc]
            *[lambda one=one, body=body(username, kind): one.post(f"{API}/integrations.create", json=body)  # type: ignore[misc]
              for kind, one in zip(("incoming", "outgoing", "incoming"), clients[1:], strict=True)],
        )
        assert answers[0].json() == {"success": True}
        for answer in answers[1:]:
            assert answer.status_code == 200 or answer.json()["errorType"] == "error-invalid-user"
            made += answer.status_code == 200
        query = f'{{"username":"{username}"}}'
        kept = server.admin.get(f"{API}/integrations.list", params={"query": query, "count": "0"}).json()
        assert [one["enabled"] for one in kept["integrations"]] == [False] * kept["total"]
        assert kept["total"] == sum(answer.status_code == 200 for answer in answers[1:])


def body(username: str, kind: str) -> dict[str, Any]:
    """An integration that posts as an account."""
    more = {"event": "sendMessage", "urls": ["http://127.0.0.1:9/"]} if kind == "outgoing" else {}
    shared = {"channel": "#races-hooks", "scriptEnabled": False, "name": username, "enabled": True}
    return {"type": f"webhook-{kind}", "username": username} | shared | more
