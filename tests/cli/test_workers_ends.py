"""`serve --workers` from its first line to its end."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from strongback.testing.answer import hang
from strongback.testing.receiver import Receiver
from tests.cli.processes import alive, children, frozen, on_linux, program, until
from tests.cli.several import WORKERS, ready, start, workers
from tests.stores import database_url, execute, run
from tests.wire.conftest import calm
from tests.wire.outgoing import Group
from tests.wire.server import PATIENCE, SECRET_KEY, Server, environment

pytestmark = [on_linux, pytest.mark.once]

STOPPED_SECONDS = 40.0  # twice what is promised: the machine may be busy
WORKER = "strongback.cli.worker"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def command(url: str, *flags: str) -> list[str]:
    program = [sys.executable, "-m", "strongback.cli.main", "serve", "--workers", str(WORKERS)]
    return [*program, "--database", url, *flags]


def test_it_says_once_that_all_are_ready_and_one_makes_the_demo(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = database_url(tmp_path, "postgres")
    with subprocess.Popen(
        command(url, "--port", str(port), "--demo"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(STRONGBACK_SECRET_KEY=SECRET_KEY),
    ) as process:
        out = process.stdout
        assert out is not None
        try:
            until(lambda: [program(pid) for pid in children(process.pid)] == [WORKER] * WORKERS)
            first, second, last = children(process.pid)
            with frozen([last]):
                for other in (second, first):
                    with frozen([other]):
                        until(lambda: ready(f"http://127.0.0.1:{port}"))
                assert select.select([out], [], [], 0.5)[0] == []
            until(lambda: select.select([out], [], [], 0)[0])
            process.send_signal(signal.SIGTERM)
            printed, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, b"")
    lines = printed.decode().splitlines()
    assert lines[0] == f"listening on http://127.0.0.1:{port}"
    assert len([line for line in lines if line.startswith("Demo: user demo")]) == 1
    assert "listening on" not in "".join(lines[1:])
    rooms = execute(
        tmp_path, "SELECT count(*) AS count FROM rooms WHERE name = 'launch-control'", store="postgres"
    )
    assert rooms == [{"count": 1}]


def test_ctrl_c_while_workers_start(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(database_url(tmp_path, "postgres"), "--port", "0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(STRONGBACK_SECRET_KEY=SECRET_KEY),
        start_new_session=True,
    ) as process:
        try:
            until(lambda: len(children(process.pid)) == WORKERS)
            os.killpg(process.pid, signal.SIGINT)
            printed = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, *printed) == (0, b"", b"")


def test_workers_that_can_not_start_are_said_once(tmp_path: Path) -> None:
    url = database_url(tmp_path, "postgres").replace("postgres@", "postgres:hunter2@") + "-absent"
    done = subprocess.run(
        command(url, "--port", "0"),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("strongback: ")
    assert line.endswith("make it first, with createdb")
    assert "hunter2" not in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_is_clean(number: signal.Signals, tmp_path: Path, receiver: Receiver) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    server = start(tmp_path, STRONGBACK_METRICS="true", TMPDIR=str(folder))
    try:
        assert len(list(folder.iterdir())) == 1
        group = Group(calm(server), receiver)
        receiver.script(group.path, [hang()])
        group.post("hello")
        receiver.wait(1, path=group.path)
        pids = [server.process.pid, *workers(server)]
        told = time.monotonic()
        for pid in pids:
            os.kill(pid, number)
        until(lambda: not ready(server.url))
        for pid in pids:
            with suppress(ProcessLookupError):  # what has nothing to finish is gone
                os.kill(pid, number)
        assert server.process.wait(PATIENCE) == 0
        assert time.monotonic() - told < STOPPED_SECONDS
    finally:
        server.kill()
    assert server.log == ""
    assert not any(map(alive, pids[1:]))
    assert list(folder.iterdir()) == []
    assert states(tmp_path) == [("pending", None, None)]


def states(folder: Path) -> list[tuple[str, str | None, int | None]]:
    rows = execute(folder, "SELECT state, worker, lease FROM deliveries ORDER BY id", store="postgres")
    return [(row["state"], row["worker"], row["lease"]) for row in rows]


def test_workers_stop_when_the_process_that_started_them_is_killed(
    tmp_path: Path, receiver: Receiver
) -> None:
    server = start(tmp_path)
    try:
        group = Group(calm(server), receiver)
        receiver.script(group.path, [hang()])
        group.post("hello")
        receiver.wait(1, path=group.path)
        pids = workers(server)
    finally:
        server.kill()
    until(lambda: not any(map(alive, pids)))
    assert states(tmp_path) == [("pending", None, None)]


def test_a_worker_that_can_not_stop_is_killed(tmp_path: Path) -> None:
    server = start(tmp_path)
    with frozen(workers(server)[:1]) as (held,):
        told = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - told < STOPPED_SECONDS
        assert not alive(held)
    assert [json.loads(line)["event"] for line in server.log.splitlines()] == [
        "a worker did not stop in time and is killed"
    ]


def test_a_stop_while_the_database_answers_nothing(tmp_path: Path) -> None:
    server = Server.start(tmp_path, database=database_url(tmp_path, "postgres"))
    with frozen(run.databases().cluster.pids):
        told = time.monotonic()
        assert server.stop() in (0, -signal.SIGALRM)
        assert time.monotonic() - told < STOPPED_SECONDS
