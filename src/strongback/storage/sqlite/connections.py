"""The connections of a store: one that reads on the loop, one that the writer owns, and those of wide reads."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

from strongback import metrics
from strongback.errors import Unavailable
from strongback.faults import reach
from strongback.storage.changes import Changes
from strongback.storage.sqlite.connection import unavailable
from strongback.storage.sqlite.reader import WideReader
from strongback.storage.sqlite.steps import apply
from strongback.storage.sqlite.writer import Work, Writer
from strongback.storage.steps import PutDeliveries, PutReplay, SettleDelivery

T = TypeVar("T")

OWING = (PutDeliveries, PutReplay)
"""The steps after which there is something to deliver."""


class Connections:
    """What every part of the store reads and writes through."""

    def __init__(
        self,
        path: Path,
        reading: sqlite3.Connection,
        writing: sqlite3.Connection | None,
        owner: IO[str] | None,
    ) -> None:
        self.path = path
        self._reading = reading
        self._writer = Writer(writing) if writing is not None else None
        self._wide = WideReader(path)
        self._owner = owner
        self._next_claim = 0
        self._wakes: list[Callable[[], None]] = []

    @property
    def commits(self) -> int:
        """How many transactions the writer has committed."""
        return 0 if self._writer is None else self._writer.commits

    def writer_pragma(self, text: str) -> int:
        """Run a PRAGMA on the writer's connection, while no commit runs."""
        if self._writer is None:
            raise Unavailable("this process has opened the database for reading only")
        found: int = self._writer.connection.execute(f"PRAGMA {text}").fetchone()[0]
        return found

    async def commit(self, changes: Changes) -> None:
        with metrics.committing():
            await self._write(lambda connection: apply(connection, changes))
        if any(type(step) in OWING for step in changes.steps):
            reach("after-commit")
            self._wake()
        elif any(type(step) is SettleDelivery and step.state == "pending" for step in changes.steps):
            self._wake()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()

    async def _write(self, work: Work[T]) -> T:
        if self._writer is None:
            raise Unavailable("this process has opened the database for reading only")
        return await self._writer.run(work)

    def _one(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        try:
            return self._reading.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise unavailable(error) from error
        except UnicodeEncodeError:
            return None  # a lone surrogate: no stored text has one

    def _all(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        try:
            return self._reading.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error
        except UnicodeEncodeError:
            return []

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()
        self._wide.close()
        self._reading.close()
        if self._owner is not None:
            self._owner.close()
