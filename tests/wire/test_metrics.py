"""What a server counts, as Prometheus reads it: exactly, without end of nothing, and without anybody's name."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from strongback.testing.answer import Answer
from strongback.testing.receiver import Receiver
from tests.stores import FILE
from tests.wire.conftest import StartServer, calm
from tests.wire.delivering import QUICK, change
from tests.wire.making import incoming, post, reach_bot
from tests.wire.outgoing import Group, until
from tests.wire.scraping import Scraped
from tests.wire.server import Server

REQUESTS, SECONDS = "http_requests_total", "http_request_seconds"
ME = "/api/v1/me"
PREPARE = "class Script { prepare_outgoing_request() { %s } }"


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server that shows what it counts, for the tests of this file."""
    running = Server.start(tmp_path_factory.mktemp("counting"), "--dev", STRONGBACK_METRICS="true")
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def once(server: Server, name: str, label: str, expected: dict[str, float]) -> Scraped:
    """The scrape in which a counter has come to these values, by a label."""

    def there() -> Scraped | None:
        scraped = Scraped.of(server)
        return scraped if scraped.by(name, label) == expected else None

    found: Scraped = until(there, f"{name} {expected}")
    return found


def test_it_is_text_that_prometheus_reads(counting: Server) -> None:
    answer = httpx.get(f"{counting.url}/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    scraped = Scraped(answer.text)
    assert scraped.value("process_resident_memory_bytes") > 10_000_000
    assert not [name for name, _ in scraped.samples if name.endswith("_created")]
    assert scraped.value("deliveries_open") == 0


def test_requests_are_counted_by_route_method_and_status(counting: Server) -> None:
    client, visitor = counting.admin, counting.anonymous()
    for _ in range(3):
        client.get(ME).raise_for_status()
    visitor.get(ME)
    client.head(ME)
    client.delete(ME)
    client.options(ME)
    client.request("PROPFIND", ME)
    scraped = Scraped.of(counting)
    counted = {labels: n for (name, labels), n in scraped.samples.items() if name == REQUESTS}
    assert {
        (dict(labels)["method"], dict(labels)["status"]): n
        for labels, n in counted.items()
        if ("route", ME) in labels
    } == {
        ("GET", "200"): 3,
        ("GET", "401"): 1,
        ("HEAD", "200"): 1,
        ("DELETE", "405"): 1,
        ("OPTIONS", "200"): 1,
        ("other", "405"): 1,
    }
    assert scraped.value(f"{SECONDS}_count", route=ME, method="GET") == 4
    assert 0 < scraped.value(f"{SECONDS}_sum", route=ME, method="GET") < 4
    buckets = scraped.by(f"{SECONDS}_bucket", "le", route=ME, method="GET")
    assert buckets["+Inf"] == 4
    assert sorted(buckets.values()) == list(buckets.values())


def test_unknown_paths_are_one_route_and_ids_are_none(counting: Server) -> None:
    visitor = counting.anonymous(check=False)
    visitor.get("/hooks/anId/aToken")
    counting.admin.get("/api/v1/settings/Site_Url").raise_for_status()
    before = Scraped.of(counting)
    for _ in range(20):
        visitor.get(f"/api/v1/{uuid.uuid4().hex}")
        visitor.post(f"/hooks/{uuid.uuid4().hex}")
        visitor.get(f"/hooks/{uuid.uuid4().hex}/{uuid.uuid4().hex}")
        counting.admin.get(f"/api/v1/settings/{uuid.uuid4().hex}")
    after = Scraped.of(counting)
    assert after.value(REQUESTS, route="unknown", method="GET", status="404") == 20
    assert after.value(REQUESTS, route="unknown", method="POST", status="404") == 20
    routes = set(after.by(REQUESTS, "route"))
    assert routes - set(before.by(REQUESTS, "route")) <= {"unknown"}
    assert {"/hooks/{integrationId}/{token}", "/api/v1/settings/{id}"} <= routes


def test_what_the_limit_refuses_is_a_status(start_server: StartServer) -> None:
    server = start_server(STRONGBACK_METRICS="true", STRONGBACK_HOOKS_RATE="2")
    reach_bot(server)
    post(server.admin, "groups.create", {"name": "alerts", "members": ["reach-bot"]})
    made = incoming(server.admin, "alarm", "#alerts")
    visitor = server.anonymous()
    for _ in range(5):
        visitor.post(f"/hooks/{made['_id']}/{made['token']}", json={"text": "T-minus ten"})
    route = "/hooks/{integrationId}/{token}"
    assert Scraped.of(server).by(REQUESTS, "status", route=route) == {"200": 2, "429": 3}


def test_deliveries_are_counted_by_their_end_and_attempts_by_their_outcome(
    start_server: StartServer, receiver: Receiver
) -> None:
    server = calm(start_server("--dev", STRONGBACK_METRICS="true"))
    plain, again, refused = Group(server, receiver), Group(server, receiver, **QUICK), Group(server, receiver)
    silent, broken = (Group(server, receiver, script=PREPARE % body) for body in ("", "missing.member"))
    receiver.script(again.path, [Answer(503), Answer(200, "ok")])
    receiver.script(refused.path, [Answer(404)])
    for group, times in ((plain, 3), (again, 1), (refused, 1), (silent, 2), (broken, 1)):
        for _ in range(times):
            group.post("T-minus ten")
    scraped = once(server, "deliveries_total", "state", {"delivered": 4.0, "failed": 2.0, "cancelled": 2.0})
    assert scraped.by("attempts_total", "outcome") == {
        "delivered": 4,
        "failed": 2,
        "cancelled": 2,
        "retry": 1,
    }
    assert scraped.by("script_runs_total", "outcome") == {"answered": 2, "running": 1}
    assert scraped.value("delivery_delay_seconds_count") == 4
    assert 0.1 < scraped.value("delivery_delay_seconds_sum") < 10
    assert scraped.value("deliveries_open") == 0


def test_what_waits_is_open_and_what_is_no_longer_wanted_is_cancelled(
    start_server: StartServer, receiver: Receiver
) -> None:
    server = calm(start_server("--dev", STRONGBACK_METRICS="true"))
    group = Group(server, receiver, **QUICK)
    receiver.script(group.path, [Answer(503)])
    group.post("one")
    group.post("two")
    scraped = once(server, "attempts_total", "outcome", {"retry": 4.0})
    assert scraped.value("deliveries_open") == 2
    change(group, enabled=False)
    scraped = once(server, "deliveries_total", "state", {"cancelled": 2.0})
    assert scraped.value("deliveries_open") == 0
    assert scraped.by("attempts_total", "outcome")["retry"] >= 4
    assert scraped.value("delivery_delay_seconds_count") == 0


def test_commits_are_counted_and_timed(counting: Server) -> None:
    post(counting.admin, "groups.create", {"name": "commits"})
    before = Scraped.of(counting)
    for number in range(5):
        post(counting.admin, "chat.postMessage", {"channel": "#commits", "text": f"T-minus {number}"})
    after = Scraped.of(counting)
    for name, labels in (("commits_total", {"outcome": "committed"}), ("commit_seconds_count", {})):
        assert after.value(name, **labels) - before.value(name, **labels) == 5
    assert after.value("commit_seconds_sum") > before.value("commit_seconds_sum")


@pytest.mark.sqlite
def test_a_database_that_can_not_serve_is_counted(start_server: StartServer) -> None:
    server = start_server(STRONGBACK_METRICS="true")
    post(server.admin, "groups.create", {"name": "locked"})
    with closing(sqlite3.connect(server.folder / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        body = {"channel": "#locked", "text": "T-minus ten"}
        assert server.admin.post("/api/v1/chat.postMessage", json=body).status_code == 503
        assert httpx.get(f"{server.url}/readyz").status_code == 200  # what only reads goes on
        scraped = Scraped.of(server)
    assert scraped.value("database_unavailable_total", part="requests") == 1
    assert scraped.value("commits_total", outcome="unavailable") == 1
    assert scraped.value(REQUESTS, route="/api/v1/chat.postMessage", method="POST", status="503") == 1


def test_nobody_is_named(counting: Server, receiver: Receiver) -> None:
    server = counting
    reach_bot(server)
    group = Group(server, receiver, token="a-token-of-the-sender")
    hook = incoming(server.admin, "alarm", f"#{group.name}", username="rocket.cat")
    visitor = server.anonymous()
    visitor.post(f"/hooks/{hook['_id']}/{hook['token']}", json={"text": "T-minus ten"})
    visitor.post("/api/v1/login", json={"user": "reach-bot", "password": "wrong"})
    visitor.get("/api/v1/users.info", params={"username": "reach-bot"})
    text = once(server, "deliveries_total", "state", {"delivered": 1.0}).text
    assert "/hooks/{integrationId}/{token}" in text
    ids = [server.admin.headers[name] for name in ("x-user-id", "x-auth-token")]
    names = [
        "reach-bot",
        group.name,
        "alarm",
        "a-token-of-the-sender",
        receiver.url,
        "127.0.0.1",
        str(server.folder),
    ]
    for secret in (*ids, *names, hook["_id"], hook["token"], group.id, group.integration["_id"]):
        assert secret not in text


def test_processes_that_share_a_directory_show_the_sum(start_server: StartServer, tmp_path: Path) -> None:
    shared = {"STRONGBACK_METRICS": "true", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "shared" / "metrics")}
    first = start_server(folder=tmp_path / "first", **shared)
    second = start_server(folder=tmp_path / "second", **shared)
    for server, times in ((first, 2), (second, 3)):
        for _ in range(times):
            server.admin.get(ME).raise_for_status()
    for server in (first, second):
        scraped = once(
            server, REQUESTS, "route", {"/api/v1/me": 5.0, "/api/v1/login": 2.0, "/api/openapi.json": 2.0}
        )
        assert scraped.value(f"{SECONDS}_count", route=ME, method="GET") == 5
        assert scraped.by(f"{SECONDS}_bucket", "le", route=ME, method="GET")["+Inf"] == 5
        assert [name for name, _ in scraped.samples].count("deliveries_open") == 1
        assert scraped.value("deliveries_open") == 0
        assert "process_" not in scraped.text
    first.kill()
    second.admin.get(ME).raise_for_status()
    assert Scraped.of(second).value(REQUESTS, route=ME, method="GET", status="200") == 6
