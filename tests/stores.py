"""The store that the tests run on, and the databases that they are given."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from strongback import app
from strongback.settings import Settings
from strongback.storage.contract import Store
from strongback.testing.server import Server
from tests.postgres import Cluster, in_thread
from tests.postgres_databases import TABLES, Databases
from tests.postgres_programs import NoServerError

StoreName = Literal["sqlite", "postgres"]
Row = dict[str, Any]

NOT_RUN = "not run on PostgreSQL"
"""How the reason begins for which a test was skipped that needs a server."""
FILE = "strongback.db"


@dataclass
class Run:
    """What this process was told, and what it has started."""

    store: StoreName = "sqlite"
    started: Databases | Exception | None = None
    """The databases of PostgreSQL once a test has asked for one, or why there are none."""

    def databases(self) -> Databases:
        """The databases of a server, which is started when it is first asked for."""
        if self.started is None:
            try:
                self.started = _databases()
            except Exception as error:
                self.started = error
        if isinstance(self.started, Databases):
            return self.started
        raise self.started

    def forget(self, folder: Path) -> None:
        """Let the database of a folder and of those in it be another's."""
        if isinstance(self.started, Databases):
            self.started.forget(folder)

    def end(self) -> None:
        """Stop the server."""
        if isinstance(self.started, Databases):
            self.started.cluster.remove()


run = Run()


class StoreServer(Server):
    """The server that bot developers test with, on the store of this run."""

    @property
    def database_url(self) -> str:
        """The URL of the database of its folder."""
        return database_url(self.folder)


def database_url(folder: Path, store: StoreName | None = None) -> str:
    """The URL of the database that belongs to a folder, in the store of this run or the one that is named."""
    if (store or run.store) == "sqlite":
        return f"sqlite:///{folder / FILE}"
    with needing_postgres():
        databases = run.databases()
    return databases.cluster.url(databases.name(folder))


async def open_store(folder: Path, store: StoreName | None = None, *, writing: bool = True) -> Store:
    """Open the database that belongs to a folder; the caller closes it."""
    folder.mkdir(parents=True, exist_ok=True)
    return await app.open_store(Settings(database=database_url(folder, store)), writing=writing)


def execute(folder: Path, sql: str, *values: Any, store: StoreName | None = None) -> list[Row]:
    """Run a statement on a folder's database, beside any server; its parameters are `$1`, `$2`; the rows."""
    if (store or run.store) == "postgres":
        databases = run.databases()
        return databases.cluster.execute(databases.name(folder), sql, *values)
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        found = connection.execute(sql, {str(number): value for number, value in enumerate(values, 1)})
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found]


def tables(folder: Path, store: StoreName | None = None) -> list[str]:
    """The names of all tables of a folder's database."""
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'table'"
    sql = TABLES if (store or run.store) == "postgres" else sqlite
    return [row["name"] for row in execute(folder, sql, store=store)]


def raw_rows(folder: Path, table: str, store: StoreName | None = None) -> list[Row]:
    """All rows of a table as they are stored."""
    return execute(folder, f'SELECT * FROM "{table}"', store=store)


@contextmanager
def needing_postgres() -> Iterator[None]:
    """Skip the test where the block finds no server; where CI runs, let it fail."""
    try:
        yield
    except NoServerError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"{NOT_RUN}: {error}")


def _databases() -> Databases:
    """Start a server whose databases are such as a store has opened for the first time."""

    async def migrate(url: str) -> None:
        store = await app.open_store(Settings(database=url), writing=True)
        await store.close()

    cluster = Cluster.start()
    try:
        return Databases.prepare(cluster, lambda url: in_thread(migrate(url)))
    except BaseException:
        cluster.remove()
        raise
