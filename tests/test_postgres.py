"""The server that tests start, stop and kill."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres_programs
from tests.postgres import PATIENCE, Cluster
from tests.postgres_databases import Databases
from tests.postgres_programs import NoServerError
from tests.stores import needing_postgres

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with needing_postgres():
        running = Cluster.start()
    yield running
    running.remove()
    assert not running.folder.exists()


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, where the children of a process are")
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_is_committed_is_there_after_the_next_start(cluster: Cluster, end: str) -> None:
    url = cluster.create(end)
    cluster.execute(end, "CREATE TABLE kept (value int)")
    cluster.execute(end, "INSERT INTO kept VALUES ($1)", 7)
    pids = cluster.pids
    assert len(pids) > 4
    assert lives(pids[0])
    getattr(cluster, end)()
    assert not cluster.running
    deadline = time.monotonic() + PATIENCE
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < deadline, [pid for pid in pids if lives(pid)]
        time.sleep(0.02)
    with pytest.raises(ConnectionRefusedError):
        cluster.execute(end, "SELECT 1")
    cluster.start_again()
    assert cluster.url(end) == url
    assert cluster.execute(end, "SELECT value FROM kept") == [{"value": 7}]


def test_a_copy_of_a_database_has_what_the_first_has(cluster: Cluster) -> None:
    cluster.create("first")
    cluster.execute("first", "CREATE TABLE kept AS SELECT 1 AS value")
    cluster.create("second", template="first")
    assert cluster.execute("second", "SELECT value FROM kept") == [{"value": 1}]
    cluster.drop("second")
    names = [row["datname"] for row in cluster.execute("postgres", "SELECT datname FROM pg_database")]
    assert "first" in names
    assert "second" not in names


def test_a_database_that_is_free_again_is_as_it_was(cluster: Cluster, tmp_path: Path) -> None:
    def migrate(url: str) -> None:
        name = url.rpartition("/")[2]
        cluster.execute(name, "CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, text text)")
        cluster.execute(name, "CREATE TABLE counted (count bigint)")
        cluster.execute(name, "INSERT INTO counted VALUES (7)")
        cluster.execute(name, "CREATE SEQUENCE seen")
        cluster.execute(name, "SELECT nextval('seen')")

    def seen(name: str) -> object:
        (kept,) = cluster.execute(name, "SELECT count FROM counted")
        (number,) = cluster.execute(name, "INSERT INTO numbered (text) VALUES ('it''s') RETURNING id")
        (next,) = cluster.execute(name, "SELECT nextval('seen')")
        return kept | number | next

    databases = Databases.prepare(cluster, migrate)
    first, other = databases.name(tmp_path / "one"), databases.name(tmp_path / "other")
    assert databases.name(tmp_path / "one") == first != other
    assert seen(first) == {"count": 7, "id": 1, "nextval": 2}
    cluster.execute(first, "UPDATE counted SET count = 8")
    databases.forget(tmp_path / "one")
    assert databases.name(tmp_path / "two") == first
    assert seen(first) == {"count": 7, "id": 1, "nextval": 2}

    cluster.execute(first, "CREATE TABLE another ()")
    databases.forget(tmp_path / "two")
    assert databases.name(tmp_path / "three") not in {first, other}
    assert seen(databases.name(tmp_path / "three")) == {"count": 7, "id": 1, "nextval": 2}


def test_texts_are_utf_8(cluster: Cluster) -> None:
    assert cluster.execute("postgres", "SELECT length($1)", "äЖ😀") == [{"length": 3}]


def program(folder: Path, text: str) -> str:
    """A folder with programs that do the same."""
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_programs_that_are_old_or_broken_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, newer = program(tmp_path / "broken", "exit 1"), program(tmp_path / "newer", "exit 1")
    monkeypatch.setattr(postgres_programs, "PLACES", (broken, newer))
    monkeypatch.setenv("PATH", broken)
    with pytest.raises(NoServerError, match="15 or newer is needed, and this machine has none"):
        postgres_programs.programs()
    monkeypatch.setenv("PATH", program(tmp_path / "old", "echo 'postgres (PostgreSQL) 14.9'"))
    with pytest.raises(NoServerError, match="15 or newer is needed, and this machine has version 14, in"):
        postgres_programs.programs()
    Path(newer, "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 17.2 (Debian 17.2-1)'\n")
    assert postgres_programs.programs() == Path(newer)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, where processes are looked up")
def test_a_server_ends_with_the_tests_that_started_it(cluster: Cluster) -> None:
    code = "import time; from tests.postgres import Cluster; c = Cluster.start()\n"
    code += "print(c.process.pid, c.folder, flush=True); time.sleep(100)"
    tests = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert tests.stdout is not None
    pid, folder = tests.stdout.readline().split()
    assert lives(int(pid))
    tests.kill()
    tests.communicate()
    deadline = time.monotonic() + PATIENCE
    while lives(int(pid)) or Path(folder).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert cluster.running
