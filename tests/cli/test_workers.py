"""`serve --workers`: several processes behind one port, which are watched and started again."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from strongback.cli.workers import pause
from tests.cli.processes import alive, children, clients, frozen, on_linux, until
from tests.cli.several import WORKERS, kill, start, workers
from tests.wire.conftest import calm
from tests.wire.making import incoming
from tests.wire.scraping import Scraped
from tests.wire.server import PATIENCE, Server

pytestmark = [on_linux, pytest.mark.once]

SCRIPT = "class Script { process_incoming_request() { return {content: {text: 'from a script'}}; } }"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three workers, for the tests that leave as many behind."""
    running = start(tmp_path_factory.mktemp("workers"), STRONGBACK_METRICS="true")
    try:
        yield calm(running)
    finally:
        running.stop()


def test_every_worker_answers(served: Server) -> None:
    assert len(workers(served)) == WORKERS
    for pid in workers(served):
        with frozen(set(workers(served)) - {pid}):
            answer = httpx.get(f"{served.url}/api/v1/me", headers=served.admin.headers, timeout=PATIENCE)
            assert answer.json()["username"] == "admin"


def test_what_workers_count_is_added_up_and_stays_when_one_dies(served: Server) -> None:
    def asked() -> float:
        scraped = Scraped.of(served)
        return scraped.value("http_requests_total", route="/api/v1/roles.list", method="GET", status="200")

    first = workers(served)
    for pid in first:
        with frozen(set(first) - {pid}):
            url = f"{served.url}/api/v1/roles.list"
            httpx.get(url, headers=served.admin.headers, timeout=PATIENCE).raise_for_status()
    until(lambda: asked() == WORKERS)
    kill(served, first[0])
    assert asked() == WORKERS


def test_a_worker_that_is_killed_takes_only_its_own_connections_with_it(served: Server) -> None:
    host, port = urlsplit(served.url).hostname or "", urlsplit(served.url).port or 0
    headers = dict(served.admin.headers)
    used: list[int] = []
    failed: list[int] = []
    statuses: set[int] = set()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            connection = HTTPConnection(host, port, timeout=PATIENCE)
            connection.connect()
            own = connection.sock.getsockname()[1]
            used.append(own)
            try:
                while not over.is_set():
                    connection.request("GET", "/api/v1/me", headers=headers)
                    answer = connection.getresponse()
                    answer.read()
                    statuses.add(answer.status)
            except (OSError, HTTPException):
                failed.append(own)
            finally:
                connection.close()

    asking = [threading.Thread(target=ask) for _ in range(12)]
    for thread in asking:
        thread.start()
    try:
        before = workers(served)
        until(lambda: sum(len(clients(pid, port) & set(used)) for pid in before) == len(asking))
        victim = max(before, key=lambda pid: len(clients(pid, port) & set(used)))
        lost = clients(victim, port) & set(used)
        kill(served, victim)
    finally:
        over.set()
        for thread in asking:
            thread.join()
    assert sorted(failed) == sorted(lost)
    assert statuses == {200}
    assert set(before) - set(workers(served)) == {victim}


def test_the_pause_grows_while_a_worker_dies_at_once(tmp_path: Path) -> None:
    assert [pause(deaths) for deaths in range(1, 9)] == [0, 1, 2, 4, 8, 16, 30, 30]
    server = start(tmp_path)
    try:
        victim, *others = workers(server)
        for _ in range(3):
            victim = kill(server, victim)
        told = [json.loads(line) for line in server.log.splitlines()]
        assert [(one["event"], one["seconds"]) for one in told] == [
            ("a worker is started again", 0),
            ("a worker is started again", 1),
            ("a worker is started again", 2),
        ]
        assert all(one["reason"].endswith(" ended with SIGKILL") for one in told)
        assert set(others) < set(workers(server))
    finally:
        assert server.stop() == 0


def test_script_workers_end_with_the_node_that_started_them(served: Server) -> None:
    hook = incoming(
        served.admin, "scripted", "#general", username="rocket.cat", script=SCRIPT, scriptEnabled=True
    )
    victim, *others = workers(served)
    with frozen(others):
        call = httpx.post(f"{served.url}/hooks/{hook['_id']}/{hook['token']}", json={}, timeout=PATIENCE)
        assert call.status_code == 200, call.text
    scripts = children(victim)
    assert scripts
    kill(served, victim)
    until(lambda: not any(map(alive, scripts)))
