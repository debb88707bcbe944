"""Reads that may touch many rows: threads and connections of their own, in slices."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from strongback.storage.sqlite.connection import connect, unavailable

SLICE = 200
READ_WAIT_MS = 2_000
THREADS = 2

T = TypeVar("T")


class WideReader:
    """Runs wide reads off the loop; a read sees one state of the database from its first row to its last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="sqlite-reader")

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function with a connection of its own."""

        def call() -> T:
            connection = connect(self._path, READ_WAIT_MS)
            try:
                return work(connection)
            except sqlite3.Error as error:
                raise unavailable(error) from error
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def slices(self, sql: str, parameters: tuple[Any, ...]) -> AsyncGenerator[list[Any], None]:
        """Yield the rows of a statement, `SLICE` at a time."""
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(self._threads, connect, self._path, READ_WAIT_MS)
        try:
            cursor = await loop.run_in_executor(self._threads, connection.execute, sql, parameters)
            while rows := await loop.run_in_executor(self._threads, cursor.fetchmany, SLICE):
                yield rows
        except sqlite3.Error as error:
            raise unavailable(error) from error
        finally:
            await loop.run_in_executor(self._threads, connection.close)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=True)
