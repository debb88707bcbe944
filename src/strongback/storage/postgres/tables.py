"""The tables of a PostgreSQL database, filled by a copy, batch by batch, and read back for its checksums."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING

import asyncpg

from strongback.errors import Unavailable
from strongback.storage.postgres import lines
from strongback.storage.postgres.connection import CONNECT_SECONDS, FAILURES, unavailable
from strongback.storage.postgres.guards import COMMITS
from strongback.storage.postgres.opening import check_server, named, not_opened
from strongback.storage.postgres.schema import migrate
from strongback.storage.tables import TABLES, Checksum, Counters, Progress, Refusal, Row, Table

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

SETTINGS = {
    "application_name": "strongback copy",
    "jit": "off",
    "bytea_output": "hex",
    # However long a batch takes, and whatever the role has by default.
    "lock_timeout": "0",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}

# It is there as long as the copy is not finished, and no store is opened then: see `opening.check_whole`.
BEGIN = (
    "CREATE TABLE copying (source text NOT NULL, name text PRIMARY KEY, rows bigint NOT NULL, last text,"
    " refused text NOT NULL)"
)
BEHIND = "UPDATE copying SET rows = $2, last = $3, refused = $4 WHERE name = $1"
PATIENCE_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.1
"""A copy that was killed is gone when the server has noticed it."""

NUMBERED = (("events", "sequence"), ("origins", "id"), ("targets", "id"), ("outbox", "sequence"))
"""Tables and their columns that PostgreSQL numbers."""

COUNTERS = "SELECT CASE WHEN r.is_called THEN r.last_value ELSE 0 END, s.access, s.triggers FROM revisions r, state s"

REFUSED = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""What is raised for a row that can not be stored, and for no other reason."""


@asynccontextmanager
async def open_tables(url: str) -> "AsyncIterator[PostgresTables]":
    """Connect to a database; raises Unavailable with a sentence where that is not possible."""
    place = named(url)
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=SETTINGS)
    except FAILURES as error:
        raise not_opened(place, error) from error
    try:
        with _failing():
            await check_server(connection, place)
        yield PostgresTables(place, connection)
    finally:
        with suppress(*FAILURES):
            await connection.close(timeout=CONNECT_SECONDS)
        connection.terminate()  # where it did not close: what is not committed is not there


class PostgresTables:
    """The target of a copy; see `strongback.storage.tables.Target` for what each method does."""

    def __init__(self, place: str, connection: "Connection") -> None:
        self.place = place
        self._connection = connection
        self._progress: dict[str, Progress] = {}

    async def begin(self, source: str) -> dict[str, Progress]:
        with _failing():
            await self._take()
            begun = await _exists(self._connection, "copying")
            if not begun and (name := await _occupied(self._connection)):
                raise Unavailable(f"{self.place} is not empty, it has {name}: name an empty database")
            await migrate(self._connection)
            if not begun:
                await self._begin(source)
            rows = await self._connection.fetch("SELECT source, name, rows, last, refused FROM copying")
        for held, name, *progress in rows:
            if held != source:
                raise Unavailable(
                    f"{self.place} holds an unfinished copy of {held}, and this is {source}: name an empty database"
                )
            self._progress[name] = _progress(*progress)
        return self._progress

    async def _take(self) -> None:
        """Let no node commit and no other copy begin, as long as this is connected."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self._connection.fetchval(f"SELECT pg_try_advisory_lock({COMMITS})"):
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        except TimeoutError:
            raise Unavailable(
                f"{self.place} is in use: stop what serves it, or is copied to it, first"
            ) from None

    async def _begin(self, source: str) -> None:
        async with self._connection.transaction():
            await self._connection.execute(BEGIN)
            await self._connection.executemany(
                "INSERT INTO copying VALUES ($1, $2, 0, NULL, '[]')",
                [(source, table.name) for table in TABLES],
            )

    async def put(self, table: Table, rows: Sequence[Row]) -> None:
        there = self._progress[table.name]
        with _failing():
            async with self._connection.transaction():
                # What triggers count and derive is copied too. Within the transaction: they are back whatever happens.
                await self._connection.execute(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
                refused = await self._put(table, rows)
                await self._connection.execute(f"ALTER TABLE {table.name} ENABLE TRIGGER USER")
                behind = Progress(there.rows + len(rows), table.key_of(rows[-1]), [*there.refused, *refused])
                await self._connection.execute(
                    BEHIND, table.name, behind.rows, json.dumps(behind.last), json.dumps(behind.refused)
                )
        self._progress[table.name] = behind

    async def _put(self, table: Table, rows: Sequence[Row]) -> list[Refusal]:
        """Write rows; those that PostgreSQL can not hold are left out."""
        refused: list[Refusal] = []
        written: list[tuple[Row, str]] = []
        for row in rows:
            try:
                written.append((row, lines.line(table, row)))
            except lines.Unstorable as error:
                refused.append(Refusal(table.key_of(row), error.text))
        return refused + await self._write(table, written)

    async def _write(self, table: Table, written: Sequence[tuple[Row, str]]) -> list[Refusal]:
        """Write lines; where that fails, halves of them, until what can not be stored stands alone."""
        if not written:
            return []
        try:
            async with self._connection.transaction():
                await self._connection.copy_to_table(
                    table.name,
                    source=BytesIO("".join([line for _, line in written]).encode()),
                    columns=lines.columns(table),
                )
        except REFUSED as error:
            if len(written) == 1:
                # Not its detail, which may show the whole row.
                return [Refusal(table.key_of(written[0][0]), str(error.args[0]))]
            half = len(written) // 2
            return await self._write(table, written[:half]) + await self._write(table, written[half:])
        return []

    async def settle(self, counters: Counters) -> None:
        with _failing():
            for name, column in NUMBERED:
                await self._connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), found.most)"
                    f" FROM (SELECT max({column}) AS most FROM {name}) found WHERE found.most > 0"
                )
            if counters.revision > 0:
                await self._connection.execute("SELECT setval('revisions', $1)", counters.revision)
            await self._connection.execute(
                "UPDATE state SET access = $1, triggers = $2", counters.access, counters.triggers
            )
            await self._connection.execute(f"ANALYZE {', '.join(table.name for table in TABLES)}")

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        return lines.encode(table, rows)

    async def checksum(self, table: Table) -> Checksum:
        digest = hashlib.sha256()

        async def take(part: bytes) -> None:
            digest.update(part)

        with _failing():
            status = await self._connection.copy_from_query(lines.select(table), output=take)
        return Checksum(int(status.rpartition(" ")[2]), digest.hexdigest())

    async def counters(self) -> Counters:
        with _failing():
            found = await self._connection.fetchrow(COUNTERS)
        assert found is not None
        return Counters(*found)

    async def finish(self) -> None:
        with _failing():
            await self._connection.execute("DROP TABLE copying")


async def _exists(connection: "Connection", name: str) -> bool:
    found: bool = await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name)
    return found


async def _occupied(connection: "Connection") -> str | None:
    """The first table that has rows."""
    for table in TABLES:
        if await _exists(connection, table.name) and await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM {table.name})"
        ):
            return table.name
    return None


def _progress(rows: int, last: str | None, refused: str) -> Progress:
    return Progress(
        rows,
        None if last is None else tuple(json.loads(last)),
        [Refusal(tuple(key), reason) for key, reason in json.loads(refused)],
    )


@contextmanager
def _failing() -> Iterator[None]:
    """What failures of the database mean."""
    try:
        yield
    except FAILURES as error:
        raise unavailable(error) from error
