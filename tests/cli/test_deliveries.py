"""`strongback deliveries`: beside a running server, and without one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from strongback.testing.answer import Answer
from strongback.testing.receiver import Receiver
from strongback.testing.server import Server
from tests.stores import StoreServer
from tests.wire.server import PATIENCE, environment

TOKEN = "a-token-of-the-sender"
SHOWN = "*" * 17 + "nder"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Server]:
    """A server with two integrations: `/yes` got `one` and `two`, `/no` refused them."""
    receiver.script("/no", [Answer(404)])
    with StoreServer(tmp_path_factory.mktemp("deliveries")) as running:
        for path in ("/yes", "/no"):
            attach(running, f"{receiver.url}{path}?t={TOKEN}")
        for text in ("one", "two"):
            running.post("chat.postMessage", {"roomId": running.group.id, "text": text})
        receiver.wait(4)
        receiver.wait_until(lambda requests: all(request.answered for request in requests))
        yield running


def attach(server: Server, url: str) -> str:
    """Make an outgoing integration of the server's group; its id."""
    body = {"type": "webhook-outgoing", "name": url, "enabled": True, "username": "admin", "token": TOKEN}
    body |= {
        "event": "sendMessage",
        "urls": [url],
        "scriptEnabled": False,
        "channel": f"#{server.group.name}",
    }
    made: str = server.post("integrations.create", body)["integration"]["_id"]
    return made


def strongback(server: Server, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `strongback deliveries` on the server's database."""
    command = [sys.executable, "-m", "strongback.cli.main", "deliveries", *words]
    command += ["--database", server.database_url]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(**env), timeout=PATIENCE, check=False
    )


def listed(server: Server, *words: str, **env: str) -> list[dict[str, Any]]:
    done = strongback(server, "list", "--json", *words, **env)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def credentials(server: Server) -> dict[str, str]:
    """What the environment of an operator holds."""
    return {
        "STRONGBACK_USER_ID": server.user_id,
        "STRONGBACK_TOKEN": server.token,
        "STRONGBACK_PORT": str(server.port),
    }


def test_all_deliveries_or_some(server: Server) -> None:
    everything = listed(server)
    assert sorted((one["state"], one["attempts"]) for one in everything) == [
        ("delivered", 1),
        ("delivered", 1),
        ("failed", 1),
        ("failed", 1),
    ]
    moments = [one["createdAt"] for one in everything]
    assert moments == sorted(moments, reverse=True)
    assert listed(server, "--limit", "1") == everything[:1]
    assert listed(server, "--limit", f"{10**9}") == everything
    assert strongback(server, "list", "--limit", f"{10**20}").returncode == 2
    failed = listed(server, "--state", "failed")
    assert [one["_id"] for one in failed] == [one["_id"] for one in everything if one["state"] == "failed"]
    assert {one["reason"] for one in failed} == {"the receiver answered 404: not tried again"}
    own = listed(server, "--integration", failed[0]["integrationId"])
    assert {one["state"] for one in own} == {"failed"}
    assert listed(server, "--integration", "nothing") == []


def test_a_table_for_people(server: Server) -> None:
    done = strongback(server, "list", "--state", "failed")
    heading, *rows = done.stdout.splitlines()
    assert heading.split() == [
        "_id", "createdAt", "event", "integrationId", "url", "state", "attempts", "nextAt", "reason",
    ]  # fmt: skip
    assert len(rows) == 2
    assert all(f"/no?t={SHOWN}" in row for row in rows)


def test_one_delivery_is_shown_with_its_event_and_its_attempts(server: Server) -> None:
    delivery = listed(server, "--state", "delivered")[0]
    done = strongback(server, "show", delivery["_id"])
    shown = json.loads(done.stdout)
    assert {name: shown[name] for name in delivery if name in shown} == {
        name: value for name, value in delivery.items() if name in shown
    }
    assert (shown["data"]["text"], shown["request"], shown["replay"]) == ("two", None, 0)
    [attempt] = shown["history"]
    assert (attempt["step"], attempt["deliveryId"]) == ("after-http-call", delivery["_id"])
    assert TOKEN not in done.stdout
    assert attempt["httpCallData"]["token"] == SHOWN


def test_a_running_server_replays(server: Server, receiver: Receiver) -> None:
    delivery = listed(server, "--state", "delivered")[-1]
    done = strongback(server, "replay", delivery["_id"], **credentials(server))
    assert (done.returncode, done.stdout) == (0, f"{delivery['_id']}.1\n"), done.stderr
    [again] = [request for request in receiver.wait(5) if request.header("webhook-replay")]
    assert again.json()["text"] == "one"


@pytest.mark.sqlite
def test_who_does_not_ask_the_server_is_told_to(server: Server) -> None:
    done = strongback(server, "replay", listed(server, "--state", "delivered")[0]["_id"])
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, ""), line
    assert "set STRONGBACK_USER_ID and STRONGBACK_TOKEN" in line


def test_what_a_server_refuses_is_said_in_a_line(server: Server) -> None:
    id = listed(server, "--state", "delivered")[0]["_id"]
    for env, code, text in (
        (credentials(server) | {"STRONGBACK_TOKEN": "wrong"}, 1, "answered 401: You must be logged in"),
        (credentials(server) | {"STRONGBACK_PORT": "9"}, 2, "http://127.0.0.1:9 does not answer"),
        (credentials(server) | {"STRONGBACK_URL": "ftp://x y/"}, 1, "--url"),
    ):
        done = strongback(server, "replay", id, **env)
        (line,) = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (code, ""), line
        assert text in line


@pytest.mark.parametrize("command", ["show", "replay"])
def test_an_unknown_delivery(server: Server, command: str) -> None:
    done = strongback(server, command, "nothing", **credentials(server))
    assert (done.returncode, done.stderr) == (1, "strongback: there is no delivery nothing\n")


def test_without_a_server_a_replay_waits_for_the_next(
    server: Server, receiver: Receiver
) -> None:  # the last test: it restarts the server
    server.stop()
    failed = [one["_id"] for one in listed(server, "--state", "failed")]
    arrived = receiver.count
    done = strongback(server, "replay", "--render", *failed, HTTPS_PROXY="http://proxy.example")
    assert (done.returncode, done.stdout.splitlines()) == (0, [f"{id}.1" for id in failed]), done.stderr
    waiting = listed(server, "--state", "pending")
    assert {one["_id"] for one in waiting} == {f"{id}.1" for id in failed}
    assert receiver.count == arrived
    receiver.script("/no", [Answer(200)])
    server.start()
    again = receiver.wait(arrived + 2)[-2:]
    assert {request.header("webhook-replay") for request in again} == {"1"}
    assert sorted(request.json()["text"] for request in again) == ["one", "two"]
