"""A PostgreSQL server of the tests' own: started in a folder of its own, stopped, killed and started again."""

import asyncio
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import asyncpg

from tests.postgres_programs import NoServerError, owner, programs

T = TypeVar("T")

USER = "postgres"
PATIENCE = 60.0
LOOK_AGAIN = 0.02
PORTS = range(20_000, 30_000)
"""Below those that the system gives to clients: nobody takes the port while the server is down."""
ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "log_line_prefix": "%m [%p] %d ",
}
GUARD = 'read _; kill -QUIT "$1" && sleep 1 && rm -r "$2"'
"""Ends a server whose tests were killed: its standard input ends with them."""
QUICK = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""For tests that never lose power; many small databases would keep autovacuum busy with nothing."""


@dataclass
class Cluster:
    """A running server, which only this machine can reach, without passwords."""

    programs: Path
    folder: Path
    port: int
    settings: dict[str, str]
    process: subprocess.Popen[bytes] = field(init=False, repr=False)
    _alive: int = field(init=False, repr=False)
    _guard: subprocess.Popen[bytes] = field(init=False, repr=False)

    @classmethod
    def start(cls, folder: Path | None = None, *, port: int = 0, durable: bool = False) -> Self:
        """Make a cluster and start it; `durable` lets it keep all that PostgreSQL keeps by default.

        For root the folder must be one that every user may enter: PostgreSQL then runs as another user.
        """
        found = programs()
        folder = folder or Path(tempfile.mkdtemp(prefix="strongback-postgres-", dir="/tmp"))
        folder.mkdir(exist_ok=True)
        if other := owner():
            os.chown(folder, other["user"], other["group"])
        _make(found, folder)
        cluster = cls(found, folder, port or _free_port(), ALWAYS if durable else ALWAYS | QUICK)
        cluster.start_again()
        return cluster

    def start_again(self) -> None:
        """Start the server that was stopped or killed, on the same port and folder."""
        command = [
            str(self.programs / "postgres"),
            "-D",
            "data",
            "-p",
            str(self.port),
            "-k",
            str(self.folder),
        ]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        self._alive, inherited = os.pipe()
        try:
            with (self.folder / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    pass_fds=(inherited,),
                    start_new_session=True,
                    **owner(),
                )
        finally:
            os.close(inherited)
        guard = ["sh", "-c", GUARD, "sh", str(self.process.pid), str(self.folder)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def log(self) -> str:
        """What the server has logged, over all its starts."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether the server's first process lives."""
        return self.process.poll() is None

    @property
    def pids(self) -> list[int]:
        """The processes of the running server: the postmaster, then its children (on Linux)."""
        first = self.process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str | None = None) -> str:
        """Create a database, empty or as a copy of one that nobody is connected to; its URL."""
        how = f' TEMPLATE "{template}"' if template else ""
        if self.settings.get("fsync") == "off":
            how += " STRATEGY file_copy"  # faster than the default, but for the many files that are synced
        self.execute("postgres", f'CREATE DATABASE "{database}"{how}')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute("postgres", f'DROP DATABASE "{database}" WITH (FORCE)')

    def execute(self, database: str, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement on a connection of its own; its rows."""

        async def run() -> list[dict[str, Any]]:
            connection = await asyncpg.connect(self.url(database))
            try:
                return [dict(row) for row in await connection.fetch(sql, *values)]
            finally:
                await connection.close()

        return in_thread(run())

    def stop(self) -> None:
        """End the server as an operator does who does not wait for clients to leave."""
        self.process.send_signal(signal.SIGINT)
        self._wait_until_gone()

    def kill(self) -> None:
        """End the postmaster at once, as the kernel does when memory is short; its children follow by themselves."""
        self.process.kill()
        self._wait_until_gone()

    def remove(self) -> None:
        """End the server if it runs, and remove its folder."""
        if self.running:
            self.kill()
        shutil.rmtree(self.folder)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.execute("postgres", "SELECT 1")
                return
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if not self.running or time.monotonic() > deadline:
                    raise NoServerError(f"PostgreSQL did not start: {error}\n{self.log[-2000:]}") from error
                time.sleep(LOOK_AGAIN)

    def _wait_until_gone(self) -> None:
        """Every process of the server holds the other end of a pipe, which ends with the last of them."""
        self.process.wait(PATIENCE)
        self._guard.kill()
        self._guard.communicate()
        gone, _, _ = select.select([self._alive], [], [], PATIENCE)
        os.close(self._alive)
        assert gone, f"processes of PostgreSQL outlive their postmaster:\n{self.log[-2000:]}"


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, whoever calls: also what a loop is running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _make(found: Path, folder: Path) -> None:
    """Let initdb write the cluster's files."""
    command = [str(found / "initdb"), "--pgdata", "data", "--username", USER, "--auth", "trust", "--no-sync"]
    for locale in ("C.UTF-8", "C"):
        done = subprocess.run(
            [*command, "--encoding", "UTF8", "--locale", locale],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **owner(),
        )
        if done.returncode == 0:
            return
    raise NoServerError(f"initdb failed: {done.stderr.strip()}")


def _free_port() -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise NoServerError("no port is free for PostgreSQL")
