"""The tables of a SQLite file, read row by row for a copy; nothing is written to the file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeVar

from strongback.errors import Unavailable
from strongback.storage.sqlite.owner import own
from strongback.storage.sqlite.schema import migrate
from strongback.storage.tables import Counters, Key, Row, Table

T = TypeVar("T")

ROWS_A_BATCH = 2_000
BYTES_A_BATCH = 4_000_000
"""A batch ends with the row that reaches this: memory stays constant however long texts are."""

_SENDING = "iif(state = 'sending', {}, {})"
READ_AS = {
    "outbox": {
        "state": _SENDING.format("'pending'", "state"),
        "worker": _SENDING.format("NULL", "worker"),
        "lease": _SENDING.format("NULL", "lease"),
    }
}
"""By table and column, what is read instead: whoever was sending is gone, for one process owns the file."""


@contextmanager
def open_tables(path: Path) -> Iterator["SQLiteTables"]:
    """Open a database file, which no other process may own meanwhile, in one state.

    Raises Unavailable with a sentence where the file is not there, in use, or can not be read.
    """
    with ExitStack() as opened:
        try:
            if not path.is_file():
                raise Unavailable(f"there is no database {path}")
            opened.enter_context(own(path))
            where = f"{path.resolve().as_uri()}?mode=ro"
            connection = opened.enter_context(
                closing(sqlite3.connect(where, uri=True, isolation_level=None, check_same_thread=False))
            )
            migrate(connection, writing=False)
            connection.execute("BEGIN")
            tables = SQLiteTables(path, connection)
        except sqlite3.Error as error:
            raise Unavailable(f"{path} can not be opened as a database: {error}") from error
        except OSError as error:
            raise Unavailable(f"{path} can not be opened: {error.strerror}") from error
        yield tables


class SQLiteTables:
    """The source of a copy; see `strongback.storage.tables.Source` for what each method does."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._counters = Counters(
            *connection.execute("SELECT value, access, triggers FROM sequence").fetchone()
        )
        self.name = f"{path.resolve()} at revision {self._counters.revision}"

    async def counters(self) -> Counters:
        return self._counters

    async def count(self, table: Table) -> int:
        sql = f"SELECT count(*) FROM {table.name}"
        found: int = await self._read(table, lambda: self._connection.execute(sql).fetchone()[0])
        return found

    async def rows(self, table: Table, after: Key | None = None) -> AsyncIterator[list[Row]]:
        sql = rows_sql(table, behind=after is not None)
        cursor = await self._read(table, lambda: self._connection.execute(sql, after or ()))
        while batch := await self._read(table, lambda: _batch(cursor)):
            yield batch

    async def _read(self, table: Table, read: Callable[[], T]) -> T:
        """Read in a thread, and say what can not be read."""
        try:
            return await asyncio.to_thread(read)
        except sqlite3.Error as error:
            raise Unavailable(
                f"the table {table.name} of {self._path} can not be read: {error}; see `strongback check`"
            ) from error


def rows_sql(table: Table, *, behind: bool) -> str:
    """The rows of a table in the order of their keys; `behind` a key, whose parts are the parameters."""
    read_as = READ_AS.get(table.name, {})
    columns = ", ".join(read_as.get(name, name) for name in table.columns)
    key = ", ".join(table.key)
    condition = f" WHERE ({key}) > ({', '.join('?' * len(table.key))})" if behind else ""
    return f"SELECT {columns} FROM {table.name}{condition} ORDER BY {key}"


def _batch(cursor: sqlite3.Cursor) -> list[Row]:
    """The next rows, as many as fit; none at the end."""
    rows: list[Row] = []
    size = 0
    for row in cursor:
        rows.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(rows) == ROWS_A_BATCH or size >= BYTES_A_BATCH:
            break
    return rows
