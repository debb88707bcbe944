"""`serve --role`: some nodes answer, others deliver, and all count calls together."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from strongback.testing.receiver import Receiver
from tests.cli.processes import until
from tests.stores import database_url, execute
from tests.wire.conftest import calm
from tests.wire.making import incoming
from tests.wire.outgoing import Group
from tests.wire.server import Server

pytestmark = pytest.mark.once

SCRIPT = """class Script {
    process_incoming_request({request}) { return {content: {text: 'scripted ' + request.content.text}}; }
}"""
CALLS = 10
"""What an account may call a minute, by default."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


Start = Callable[[str], Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start nodes on one database, each in a role."""
    with ExitStack() as running:

        def one(role: str) -> Server:
            url = database_url(tmp_path, "postgres")
            server = Server.start(tmp_path, "--role", role, "--dev", database=url)
            running.callback(server.stop)
            return server

        yield one


def test_api_accepts_and_worker_delivers(start: Start, tmp_path: Path, receiver: Receiver) -> None:
    api = calm(start("api"))
    group = Group(api, receiver)
    hook = incoming(
        api.admin, "in", f"#{group.name}", username="rocket.cat", script=SCRIPT, scriptEnabled=True
    )
    called = httpx.post(f"{api.url}/hooks/{hook['_id']}/{hook['token']}", json={"text": "one"})
    assert called.status_code == 200, called.text
    group.post("two")
    start("api")
    assert receiver.count == 0
    assert deliveries(tmp_path) == [("pending", 0), ("pending", 0)]
    start("worker")
    assert sorted(one["text"] for one in group.told(2)) == ["scripted one", "two"]
    until(lambda: deliveries(tmp_path) == [("delivered", 1), ("delivered", 1)])
    group.post("three")
    assert group.told(3)[2]["text"] == "three"


def deliveries(folder: Path) -> list[tuple[str, int]]:
    rows = execute(folder, "SELECT state, attempts FROM deliveries ORDER BY id", store="postgres")
    return [(row["state"], row["attempts"]) for row in rows]


def test_a_worker_answers_on_the_pages_of_its_health_alone(start: Start) -> None:
    worker = start("worker")
    said = {path: httpx.get(worker.url + path) for path in ("/livez", "/readyz")}
    assert [(answer.status_code, answer.text) for answer in said.values()] == [
        (200, "alive\n"),
        (200, "ready\n"),
    ]
    for method, path in [
        ("GET", "/api/v1/me"),
        ("POST", "/api/v1/login"),
        ("GET", "/api/openapi.json"),
        ("POST", "/hooks/a/b"),
        ("GET", "/avatar/admin"),
        ("GET", "/metrics"),
        ("GET", "/"),
    ]:
        answer = httpx.request(method, worker.url + path)
        assert (answer.status_code, answer.text) == (
            404,
            "This process only delivers: its role is worker. Ask one whose role is all or api.\n",
        )
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_nodes_count_calls_together(start: Start, tmp_path: Path) -> None:
    here, there = (start(role) for role in ("all", "api"))
    ada = here.create_user("ada")
    execute(tmp_path, "DELETE FROM tallies", store="postgres")

    def call(server: Server) -> int:
        return httpx.get(f"{server.url}/api/v1/me", headers=ada.headers).status_code

    def counted() -> int:
        rows = execute(tmp_path, "SELECT calls::int FROM tallies WHERE calls >= $1", CALLS, store="postgres")
        return max((row["calls"] for row in rows), default=0)

    assert [call(here) for _ in range(CALLS)] == [200] * CALLS
    until(lambda: counted() == CALLS)
    assert call(there) == 200
    until(lambda: counted() == CALLS + 1)
    until(lambda: call(there) == 429)
    assert counted() == CALLS + 1
