"""The demo: what `make run` shows to a newcomer."""

import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.wire.server import PATIENCE, Server, environment

CURL = re.compile(r"-H 'X-User-Id: (\S+)' -H 'X-Auth-Token: (\S+)' \\\n +'(\S+)'")


def start(folder: Path) -> tuple[str, subprocess.Popen[str]]:
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
    process.wait(PATIENCE)
    assert process.stdout is not None
    process.stdout.close()


def test_its_curl_works_on_every_start(tmp_path: Path) -> None:
    credentials = []
    for _ in range(2):
        began = time.monotonic()
        printed, process = start(tmp_path)
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
    assert took < 20, "a second start is to listen in less than 2 s; ten times that on a busy machine"
    for name in ("demo.json", "strongback.db"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600, name


def test_a_database_with_rooms_of_its_own_is_left_alone(tmp_path: Path) -> None:
    first = Server.start(tmp_path)
    first.admin.post("/api/v1/groups.create", json={"name": "ours"}).raise_for_status()
    first.stop()
    second = Server.start(tmp_path, "--demo")
    try:
        assert second.admin.get("/api/v1/integrations.list").json()["total"] == 0
    finally:
        second.stop()
    assert not (tmp_path / "demo.json").exists()
