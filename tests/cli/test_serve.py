"""`serve` as an operator meets it: what it prints, what it refuses in one line, how it ends, and the demo."""

import json
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.wire.server import Server, environment

DUMP = Path(__file__).parents[1] / "data" / "dump"
CURL = re.compile(r"-H 'X-User-Id: (\S+)' -H 'X-Auth-Token: (\S+)' \\\n +'(\S+)'")


def refused(*flags: str, folder: Path, **env: str) -> str:
    """The one line with which a server that can not start ends."""
    command = [sys.executable, "-m", "strongback.cli.main", "serve", *flags]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(**env), cwd=folder, timeout=30, check=False
    )
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.startswith("strongback: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port} on 127.0.0.1 is in use" in refused("--port", port, folder=tmp_path)
    assert not (tmp_path / "data").exists()


def test_a_host_that_is_not_ours_is_one_line(tmp_path: Path) -> None:
    assert "192.0.2.1" in refused("--host", "192.0.2.1", "--port", "0", folder=tmp_path)


def test_a_folder_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    text = refused("--port", "0", "--database", "sqlite:///file/chat.db", folder=tmp_path)
    assert "file/chat.db can not be opened" in text


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "chat.db").write_text("this is no database, but long enough to look like one" * 100)
    assert "chat.db" in refused("--port", "0", "--database", "sqlite:///chat.db", folder=tmp_path)


def test_a_database_of_a_newer_version_is_one_line(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "chat.db") as newer:
        newer.execute("PRAGMA user_version = 999")
    newer.close()
    assert "version 999" in refused("--port", "0", "--database", "sqlite:///chat.db", folder=tmp_path)


def test_a_second_server_and_a_writing_command_are_one_line(tmp_path: Path) -> None:
    first = Server.start(tmp_path)
    try:
        url = f"sqlite:///{first.database}"
        assert "in use by another Strongback" in refused("--port", "0", "--database", url, folder=tmp_path)
        for words in (("users", "create", "ada", "--password", "pw"), ("import", str(DUMP))):
            command = [sys.executable, "-m", "strongback.cli.main", *words, "--database", url]
            done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
            assert done.returncode == 2, done.stderr
            assert done.stderr.count("\n") == 1, done.stderr
        command = [sys.executable, "-m", "strongback.cli.main", "users", "list", "--json", "--database", url]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
        assert "admin" in {user["username"] for user in json.loads(done.stdout)}
    finally:
        first.stop()


def test_test_mode_is_refused_where_others_can_reach_it(tmp_path: Path) -> None:
    assert "TEST_MODE" in refused("--host", "0.0.0.0", "--port", "0", folder=tmp_path, TEST_MODE="true")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    server = Server.start(tmp_path)
    server.process.send_signal(number)
    assert server.process.wait(20) == 0
    assert server.process.stdout is not None
    server.process.stdout.close()
    assert server.log == ""


def demo(folder: Path) -> tuple[str, subprocess.Popen[str]]:
    """Start a server with the demo; what it printed up to the end of its curl."""
    command = [sys.executable, "-m", "strongback.cli.main", "serve", "--demo", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(), cwd=folder)
    assert process.stdout is not None
    printed = ""
    while CURL.search(printed) is None and (line := process.stdout.readline()):
        printed += line
    return printed, process


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()


def test_the_demo_prints_a_curl_that_works_on_every_start(tmp_path: Path) -> None:
    credentials = []
    for _ in range(2):
        began = time.monotonic()
        printed, process = demo(tmp_path)
        took = time.monotonic() - began
        try:
            found = CURL.search(printed)
            assert found is not None, printed
            headers = {"X-User-Id": found[1], "X-Auth-Token": found[2]}
            answer = httpx.get(found[3], headers=headers).raise_for_status().json()
        finally:
            end(process)
        assert {one["type"] for one in answer["integrations"]} == {"webhook-incoming", "webhook-outgoing"}
        assert answer["total"] == 3
        credentials.append(headers)
    assert credentials[0] == credentials[1]
    assert took < 20, "the second start is to take less than 2 s; a busy machine may need ten times that"
    for name in ("demo.json", "strongback.db"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600, name
