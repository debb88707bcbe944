"""Commands while a server owns the database: those that read work, those that write say so in one line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.server import PATIENCE, Server, environment

DUMP = Path(__file__).parents[1] / "data" / "dump"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server.start(tmp_path_factory.mktemp("beside"))
    server.admin.post("/api/v1/groups.create", json={"name": "ops"}).raise_for_status()
    yield server
    server.stop()


def strongback(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "strongback.cli.main", *words, "--database", server.database]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False
    )


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "words",
    [
        ("users", "create", "ada", "--password", "pw"),
        ("users", "token", "admin"),
        ("import", str(DUMP)),
    ],
    ids=lambda words: words[0],
)
def test_writing_is_refused(running: Server, words: tuple[str, ...]) -> None:
    done = strongback(running, *words)
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert "in use by another Strongback process" in line


def test_reading_sees_what_the_server_has_answered(running: Server) -> None:
    groups = json.loads(strongback(running, "groups", "list", "--json").stdout)
    assert [(group["name"], group["usersCount"]) for group in groups] == [("ops", 1)]
    assert strongback(running, "check").returncode == 0


@pytest.mark.sqlite
def test_a_backup_has_what_the_server_has_answered(running: Server, tmp_path: Path) -> None:
    assert strongback(running, "backup", str(tmp_path / "copy.db")).returncode == 0
    copy = Server.start(tmp_path / "restored", database=f"sqlite:///{tmp_path / 'copy.db'}")
    try:
        assert (
            copy.admin.get("/api/v1/groups.getIntegrations", params={"roomName": "ops"}).json()["total"] == 0
        )
    finally:
        copy.stop()


def test_test_mode_is_refused_where_others_can_reach_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "strongback.cli.main", "serve", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(TEST_MODE="true"), cwd=tmp_path, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "TEST_MODE" in done.stderr
