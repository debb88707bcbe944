"""The store that the tests run on, and the databases that they are given."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from strongback import app
from strongback.settings import Settings
from strongback.storage.contract import Store
from tests.postgres import Cluster, in_thread
from tests.postgres_programs import NoServerError

StoreName = Literal["sqlite", "postgres"]
Row = dict[str, Any]

NOT_RUN = "not run on PostgreSQL"
"""How the reason begins for which a test was skipped that needs a server."""
FILE = "strongback.db"
TEMPLATE = "template"


@dataclass
class Run:
    """What this process was told and has started: the store, one server, and a database for every folder that asked."""

    store: StoreName = "sqlite"
    cluster: Cluster | None = None
    names: dict[Path, str] = field(default_factory=dict)
    made: int = 0

    def server(self) -> Cluster:
        """The server, started when it is first asked for, with a database that new ones are copied from."""
        if self.cluster is None:
            with needing_postgres():
                self.cluster = Cluster.start()
            in_thread(_migrate(self.cluster.create(TEMPLATE)))
        return self.cluster

    def name(self, folder: Path) -> str:
        """The database of a folder."""
        folder = folder.resolve()
        if folder not in self.names:
            self.made += 1
            name = f"test{self.made}"
            self.server().create(name, TEMPLATE)
            self.names[folder] = name
        return self.names[folder]

    def forget(self, folder: Path) -> None:
        """Drop the databases of a folder and of those in it."""
        folder = folder.resolve()
        for one in [one for one in self.names if one.is_relative_to(folder)]:
            self.server().drop(self.names.pop(one))

    def end(self) -> None:
        """Stop the server."""
        if self.cluster is not None:
            self.cluster.remove()


run = Run()


def database_url(folder: Path, store: StoreName | None = None) -> str:
    """The URL of the database that belongs to a folder, in the store of this run or the one that is named."""
    if (store or run.store) == "sqlite":
        return f"sqlite:///{folder / FILE}"
    return run.server().url(run.name(folder))


async def open_store(folder: Path, store: StoreName | None = None, *, writing: bool = True) -> Store:
    """Open the database that belongs to a folder; the caller closes it."""
    folder.mkdir(parents=True, exist_ok=True)
    return await app.open_store(Settings(database=database_url(folder, store)), writing=writing)


def execute(folder: Path, sql: str, *values: Any, store: StoreName | None = None) -> list[Row]:
    """Run a statement on a folder's database, beside any server; its parameters are `$1`, `$2`; the rows."""
    if (store or run.store) == "postgres":
        return run.server().execute(run.name(folder), sql, *values)
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        found = connection.execute(sql, {str(number): value for number, value in enumerate(values, 1)})
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found]


def tables(folder: Path, store: StoreName | None = None) -> list[str]:
    """The names of all tables of a folder's database."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if (store or run.store) == "postgres":
        sql = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
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


async def _migrate(url: str) -> None:
    store = await app.open_store(Settings(database=url), writing=True)
    await store.close()
