"""A 200 means that the disk has it: seen from outside, by the system calls and by ending the process."""

import os
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.wire.conftest import StartServer, calm
from tests.wire.server import PATIENCE, Server

CALLS = "fdatasync,fsync,sendto,sendmsg,write,writev,recvfrom,recvmsg,read,readv"
# `12 read(9, "POST /api` or, where threads took turns, `12 <... read resumed>"POST /api`
RECEIVED = re.compile(r'(?:read|readv|recvfrom|recvmsg)\b.*"POST /api/v1/integrations\.create')
SYNCED = re.compile(r"(?:fdatasync\(|fsync\(|<\.\.\. f(?:data)?sync resumed).*= 0$")
ANSWERED = re.compile(r'(?:write|writev|sendto|sendmsg)\(.*"HTTP/1\.1 200 ')
PATIENT_SECONDS = 10.0


def webhook(name: str) -> dict[str, Any]:
    """The body that creates an incoming webhook of the group `kept`."""
    return {
        "type": "webhook-incoming",
        "name": name,
        "enabled": True,
        "username": "admin",
        "channel": "#kept",
        "scriptEnabled": False,
    }


def prepared(start_server: StartServer) -> Server:
    """A server with the group."""
    server = calm(start_server())
    server.admin.post("/api/v1/groups.create", json={"name": "kept"}).raise_for_status()
    return server


@pytest.fixture
def strace() -> str:
    """The program strace; without it the test is skipped, in CI it fails."""
    found = shutil.which("strace")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("strace is missing, and CI=true")
        pytest.skip("strace is MISSING: that a 200 follows an fdatasync is NOT TESTED here")
    return found


def traced(strace: str, server: Server, log: Path) -> subprocess.Popen[bytes]:
    """Attach strace to the server, all its threads included."""
    tracer = subprocess.Popen(
        [strace, "-f", "-s", "64", "-e", f"trace={CALLS}", "-o", str(log), "-p", str(server.process.pid)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert tracer.stderr is not None
    said = tracer.stderr.readline().decode()
    if "attached" not in said:
        tracer.kill()
        tracer.wait()
        if os.environ.get("CI") == "true":
            pytest.fail(f"strace can not attach: {said}")
        pytest.skip(f"strace can NOT ATTACH, so that a 200 follows an fdatasync is NOT TESTED here: {said}")
    return tracer


@pytest.mark.sqlite
def test_the_disk_has_an_integration_before_its_200(
    start_server: StartServer, strace: str, tmp_path: Path
) -> None:
    server = prepared(start_server)
    log = tmp_path / "strace.log"
    tracer = traced(strace, server, log)
    try:
        for number in range(5):
            server.admin.post("/api/v1/integrations.create", json=webhook(f"n{number}")).raise_for_status()
        deadline = time.monotonic() + PATIENT_SECONDS
        while len(ANSWERED.findall(log.read_text(errors="replace"))) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        tracer.terminate()
        tracer.communicate(timeout=PATIENT_SECONDS)
    seen: list[str] = []
    for line in log.read_text(errors="replace").splitlines():
        for kind, pattern in (("received", RECEIVED), ("synced", SYNCED), ("answered", ANSWERED)):
            # A sync that follows no request, such as a checkpoint's, proves nothing.
            if pattern.search(line) and (kind != "synced" or seen[-1:] == ["received"]):
                seen.append(kind)
    assert seen == ["received", "synced", "answered"] * 5


def create_until_it_ends(server: Server, worker: int, kept: dict[str, str]) -> None:
    """Create integrations one after the other; each that was answered with 200 is noted."""
    headers = {name: server.admin.headers[name] for name in ("x-user-id", "x-auth-token")}
    with httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE) as client:
        for number in range(100_000):
            name = f"w{worker}-{number}"
            try:
                answer = client.post("/api/v1/integrations.create", json=webhook(name))
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            kept[answer.json()["integration"]["_id"]] = name


@pytest.mark.parametrize("seconds", [0.3, 0.8])
def test_what_was_answered_is_there_after_a_kill(start_server: StartServer, seconds: float) -> None:
    server = prepared(start_server)
    kept: dict[str, str] = {}
    workers = [
        threading.Thread(target=create_until_it_ends, args=(server, worker, kept)) for worker in range(8)
    ]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + PATIENCE
    while len(kept) < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(seconds)
    server.process.kill()
    for worker in workers:
        worker.join(PATIENCE)
        assert not worker.is_alive()
    server.kill()
    assert len(kept) >= 20

    again = calm(start_server(folder=server.folder))
    found: dict[str, str] = {}
    while True:
        page = again.admin.get(
            "/api/v1/groups.getIntegrations", params={"roomName": "kept", "count": 100, "offset": len(found)}
        )
        integrations = page.raise_for_status().json()["integrations"]
        found |= {one["_id"]: one["name"] for one in integrations}
        if not integrations:
            break
    assert kept.items() <= found.items()
    # One at most for each worker was written without its answer having arrived.
    assert len(found) <= len(kept) + len(workers)
    assert again.admin.post("/api/v1/integrations.create", json=webhook("after")).status_code == 200


def test_an_answered_removal_stays_removed_after_a_kill(start_server: StartServer) -> None:
    server = prepared(start_server)
    made = server.admin.post("/api/v1/integrations.create", json=webhook("gone")).raise_for_status()
    identity = made.json()["integration"]["_id"]
    body = {"type": "webhook-incoming", "integrationId": identity}
    server.admin.post("/api/v1/integrations.remove", json=body).raise_for_status()
    server.kill()
    again = calm(start_server(folder=server.folder))
    answer = again.admin.get("/api/v1/groups.getIntegrations", params={"roomName": "kept"})
    assert answer.raise_for_status().json()["integrations"] == []
