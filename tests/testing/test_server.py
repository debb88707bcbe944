"""The server of tests: started, stopped, killed and started again on its database."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from strongback.testing import Refused, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own for this file."""
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


def test_the_token_is_an_administrators(server: Server) -> None:
    me = server.get("me")
    assert (me["_id"], me["username"], "admin" in me["roles"]) == (server.user_id, "admin", True)
    assert server.headers == {"X-User-Id": server.user_id, "X-Auth-Token": server.token}
    (token,) = server.get("users.getPersonalAccessTokens")["tokens"]
    assert (token["name"], token["bypassTwoFactor"]) == ("test", True)
    assert server.token.endswith(token["lastTokenPart"])


def test_the_group_is_ready(server: Server) -> None:
    listed = server.get("groups.getIntegrations", roomName=server.group.name, query={"enabled": True})
    assert (listed["integrations"], listed["success"]) == ([], True)
    assert server.get("groups.getIntegrations", roomId=server.group.id)["total"] == 0
    with pytest.raises(Refused, match="error-room-not-found"):
        server.get("groups.getIntegrations", roomName="another")


def test_there_is_no_rate_limit(server: Server) -> None:
    server.post("users.create", {"name": "A", "username": "a", "email": "a@example.com", "password": "pw"})
    user = server.post("login", {"user": "a", "password": "pw"})["data"]
    headers = {"X-User-Id": user["userId"], "X-Auth-Token": user["authToken"]}
    assert {server.send("GET", "me", headers=headers).status for _ in range(30)} == {200}


def test_it_starts_in_about_a_second(tmp_path: Path) -> None:
    began = time.monotonic()
    with Server(tmp_path):
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("end", ["stop", "kill", "restart"])
def test_a_restart_keeps_url_token_and_group(tmp_path: Path, end: str) -> None:
    with Server(tmp_path) as server:
        before = (server.url, server.process.pid)
        if end != "restart":
            getattr(server, end)()
            with pytest.raises(ConnectionRefusedError):
                server.get("me")
        server.restart()
        assert server.url == before[0]
        assert server.process.pid != before[1]
        assert server.get("me")["_id"] == server.user_id
        assert server.get("groups.getIntegrations", roomId=server.group.id)["success"] is True


def test_stop_is_clean_even_of_a_frozen_process(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.pause()
        assert server.stop() == 0
        assert server.database.exists()


def test_kill_is_not(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.kill()
        assert server.process.returncode == -9


def test_settings_come_from_the_test_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRONGBACK_QUERY_BYTES", "nonsense")
    monkeypatch.setenv("ADMIN_USERNAME", "somebody")
    with Server(tmp_path, env={"STRONGBACK_LOG_FORMAT": "json"}) as server:
        assert server.get("me")["username"] == "admin"
        server.restart(STRONGBACK_QUERY_BYTES="256")
        with pytest.raises(Refused, match="256"):
            server.get("groups.getIntegrations", roomId=server.group.id, query={"name": "x" * 256})


def test_a_server_that_can_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"did not listen: \n.*must be a whole number"):
        Server(tmp_path, env={"STRONGBACK_PORT": "x", "STRONGBACK_QUERY_BYTES": "many"}).__enter__()
    assert "STRONGBACK_QUERY_BYTES" in (tmp_path / "server.log").read_text()


def test_a_server_that_ended_by_itself_can_be_waited_for(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        os.kill(server.process.pid, 9)
        assert server.wait() == -9
