"""`strongback serve` that can not start: one line that says why, and exit code 2."""

import os
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores import FILE
from tests.wire.server import PATIENCE, Server, environment

pytestmark = pytest.mark.sqlite


def serve(*flags: str, database: Path | str, port: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the server, which is expected to give up at once."""
    command = [sys.executable, "-m", "strongback.cli.main", "serve", "--port", str(port)]
    return subprocess.run(
        [*command, "--database", f"sqlite:///{database}", *flags],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(**env),
        timeout=PATIENCE,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a server that could not start."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("strongback: ")
    return line


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    link = sqlite3.connect(database)
    link.execute("PRAGMA user_version = 9000")
    link.close()
    before = database.read_bytes()
    line = refusal(serve(database=database))
    assert "version 9000" in line
    assert "newer Strongback" in line
    link = sqlite3.connect(database)
    assert link.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    link.close()
    assert len(database.read_bytes()) == len(before)


def test_a_second_process_on_a_database(tmp_path: Path) -> None:
    first = Server.start(tmp_path)
    try:
        line = refusal(serve(database=tmp_path / FILE))
        assert str(first.process.pid) in line
        assert "in use by another Strongback process" in line
        assert first.admin.get("/api/v1/me").status_code == 200
    finally:
        assert first.stop() == 0


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(serve(database=tmp_path / "chat.db", port=port))
    assert f"port {port} on 127.0.0.1 is in use" in line
    assert not (tmp_path / "chat.db").exists()


def test_an_address_that_is_not_of_this_machine(tmp_path: Path) -> None:
    line = refusal(serve("--host", "192.0.2.1", database=tmp_path / "chat.db"))
    assert "port 0 on 192.0.2.1 can not be used: " in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the next test is about root too")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    try:
        line = refusal(serve(database=folder / "chat.db"))
    finally:
        folder.chmod(0o700)
    assert f"{folder / 'chat.db'} can not be opened: Permission denied" in line


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="no /proc, the folder in which not even root may write"
)
def test_a_folder_in_which_nobody_may_write() -> None:
    line = refusal(serve(database="/proc/chat.db"))
    assert "/proc/chat.db can not be opened: " in line


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = refusal(serve(database=tmp_path / "file" / "chat.db"))
    assert "can not be opened: " in line


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    line = refusal(serve(database=tmp_path))
    assert f"{tmp_path} can not be opened" in line


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    database.write_text("no database at all, but long enough to be looked at " * 100)
    before = database.read_bytes()
    assert "can not be opened as a database: " in refusal(serve(database=database))
    assert database.read_bytes() == before


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///", "chat.db", ""])
def test_a_database_that_is_no_sqlite_address(url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "strongback.cli.main", "serve", "--port", "0", "--database", url]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        cwd=tmp_path,
        check=False,
    )
    refusal(done)


@pytest.mark.parametrize("port", ["-1", "65536", "abc", "9" * 30])
def test_a_port_that_is_none(port: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "strongback.cli.main", "serve", "--port", port]
    done = subprocess.run(
        [*command, "--database", f"sqlite:///{tmp_path / 'chat.db'}"],
        capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert "port" in refusal(done).lower()


@pytest.mark.parametrize("flags", ["--workers 2", "--role api", "--role worker", "--workers 64 --role all"])
def test_several_processes_on_a_file_that_one_owns(flags: str, tmp_path: Path) -> None:
    line = refusal(serve(*flags.split(), database=tmp_path / "chat.db"))
    assert "is not possible on SQLite, where one process owns the database" in line
    assert "postgresql://user:password@host/name" in line
    assert list(tmp_path.iterdir()) == []


def test_several_processes_by_the_environment(tmp_path: Path) -> None:
    line = refusal(serve(database=tmp_path / "chat.db", STRONGBACK_WORKERS="2", STRONGBACK_ROLE="api"))
    assert "--workers 2 --role api is not possible on SQLite" in line


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--workers", "0"), "--workers must be from 1 to 64"),
        (("--workers", "65"), "--workers must be from 1 to 64"),
        (("--workers", "many"), "--workers must be a whole number"),
        (("--role", "boss"), "--role must be one of all, api, worker"),
    ],
)
def test_workers_and_roles_that_there_are_not(flags: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert refusal(serve(*flags, database=tmp_path / "chat.db")) == f"strongback: {said}"


def test_a_demo_in_a_process_that_only_delivers(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/chat"  # which is not even looked for
    line = refusal(serve("--demo", "--role", "worker", "--database", url, database=tmp_path / "chat.db"))
    assert line == (
        "strongback: --demo needs a process that answers: --role worker only delivers, so choose all or api"
    )


def test_one_process_that_does_all_may_be_said(tmp_path: Path) -> None:
    server = Server.start(
        tmp_path, "--workers", "1", "--role", "all", database=f"sqlite:///{tmp_path / 'chat.db'}"
    )
    assert server.stop() == 0
