"""The connections of a store: one pool that reads, one that commits, and how a commit is run."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from strongback import metrics
from strongback.errors import Conflict, Failure, Unavailable
from strongback.faults import reach
from strongback.storage.changes import Changes
from strongback.storage.postgres.connection import AWAY, CONNECT_SECONDS, FAILURES, unavailable
from strongback.storage.postgres.guards import begin, check
from strongback.storage.postgres.readers import Readers
from strongback.storage.postgres.steps import apply
from strongback.storage.postgres.turns import take_turns
from strongback.storage.postgres.wakes import Wakes
from strongback.storage.steps import PutDeliveries, PutReplay, SettleDelivery

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection, Pool

T = TypeVar("T")

RUNS = 3
"""A commit that met another one in a deadlock is run again, so often in all."""

SLICE = 200
SLICE_SECONDS = 60

CLOSE_SECONDS = 5.0

OWING = (PutDeliveries, PutReplay)
"""The steps after which there is something to deliver."""

CROSSED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
REFUSED = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


class Connections:
    """What every part of the store reads and writes through."""

    def __init__(self, reads: "Pool", commits: "Pool | None", wakes: Wakes | None) -> None:
        self._reads = reads
        self._readers = Readers(reads, readers(reads.get_max_size()))
        self._commits = commits
        self._wakes = wakes
        self._next_claim = 0
        self._on_deliveries: list[Callable[[], None]] = []

    async def commit(self, changes: Changes) -> None:
        with metrics.committing():
            await self._write(partial(_run, changes))
        if any(type(step) in OWING for step in changes.steps):
            reach("after-commit")
            self._wake()
        elif any(type(step) is SettleDelivery and step.state == "pending" for step in changes.steps):
            self._wake()

    async def _write(self, work: "Callable[[Connection], Awaitable[T]]") -> T:
        """Run work that may be run again, and is where it met others in a deadlock."""
        for _ in range(RUNS - 1):
            with suppress(*CROSSED):
                async with self._writing() as connection:
                    return await work(connection)
        try:
            async with self._writing() as connection:
                return await work(connection)
        except CROSSED as error:
            raise unavailable(error) from error

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator["Connection"]:
        """A connection for a write, and what its failures mean."""
        if self._commits is None:
            raise Unavailable("this process has opened the database for reading only")
        try:
            async with self._commits.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection
        except (Conflict, *CROSSED):
            raise
        except asyncpg.IntegrityConstraintViolationError as error:
            raise Conflict(f"{type(error).__name__} ({error.constraint_name})") from None
        except REFUSED:
            raise Failure(
                "A name or an id must not contain the character NUL", "error-invalid-params"
            ) from None
        except asyncpg.ProgramLimitExceededError:
            raise Failure("A name or an id is too long to be stored", "error-invalid-params") from None
        except FAILURES as error:
            raise unavailable(error) from error

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator["Connection"]:
        """A connection for reads, and what its failures mean."""
        try:
            async with self._reads.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection
        except FAILURES as error:
            raise unavailable(error) from error

    async def _all(self, sql: str, *parameters: Any) -> list[asyncpg.Record]:
        """The rows of a statement; none where a parameter is a text that no stored text equals."""
        try:
            return await self._fetch(sql, parameters)
        except (TimeoutError, asyncpg.QueryCanceledError) as error:
            # It took too long, or somebody has ended it: it would again.
            raise unavailable(error) from error
        except AWAY:
            # A restart of the database leaves dead connections in the pool; a read may be done again.
            try:
                return await self._fetch(sql, parameters)
            except FAILURES as error:
                raise unavailable(error) from error
        except FAILURES as error:
            raise unavailable(error) from error

    async def _fetch(self, sql: str, parameters: tuple[Any, ...]) -> list[asyncpg.Record]:
        try:
            return await self._readers.fetch(sql, parameters)
        except asyncpg.DataError as error:
            if isinstance(error, REFUSED) or isinstance(error.__cause__, UnicodeEncodeError):
                return []
            raise

    async def _one(self, sql: str, *parameters: Any) -> asyncpg.Record | None:
        """The first row of a statement."""
        rows = await self._all(sql, *parameters)
        return rows[0] if rows else None

    async def _slices(self, sql: str, *parameters: Any) -> AsyncGenerator[list[asyncpg.Record], None]:
        """The rows of a statement, `SLICE` at a time, all of one state of the database."""
        async with (
            self._reading() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            # Whoever reads may take its time: a transaction that only reads holds up nobody.
            await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{SLICE_SECONDS}s'")
            cursor = await connection.cursor(sql, *parameters)
            while rows := await cursor.fetch(SLICE):
                yield rows

    def _wake(self) -> None:
        for wake in self._on_deliveries:
            wake()
        if self._wakes is not None:
            self._wakes.tell()

    async def close(self) -> None:
        await self._readers.close()
        closing = [_close(pool) for pool in (self._commits, self._reads) if pool is not None]
        if self._wakes is not None:
            closing.append(self._wakes.close())
        await asyncio.gather(*closing)  # at once: where nothing answers, each waits


def readers(connections: int) -> int:
    """How many of the connections that read are for single statements; the others are for slices."""
    return connections - max(1, connections // 5)


async def _run(changes: Changes, connection: "Connection") -> None:
    try:
        await connection.execute(begin(changes))
        revision = await check(connection, changes.guards)
        await take_turns(connection, changes.steps)
        await apply(connection, changes.steps, revision)
        await connection.execute("COMMIT")
    except BaseException as error:
        await _undo(connection, error)
        raise


async def _undo(connection: "Connection", error: BaseException) -> None:
    """Take back what a commit has written so far; where nothing answers, the database does so by itself."""
    if isinstance(error, TimeoutError):
        connection.terminate()
        return
    try:
        await connection.execute("ROLLBACK")
    except FAILURES:
        return  # the connection is gone, and the transaction with it


async def _close(pool: "Pool") -> None:
    """Let a pool finish what it does; what does not finish in time is cut off."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except FAILURES:
        pool.terminate()
