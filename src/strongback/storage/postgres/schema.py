"""The tables of the PostgreSQL store, one version after the other."""

from typing import TYPE_CHECKING

import asyncpg

from strongback.errors import Unavailable
from strongback.storage.postgres.version_1 import VERSION_1

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

VERSIONS = (VERSION_1,)

MIGRATION = 7_236_105_400
"""The number of the lock under which one node migrates and the others wait."""

PATIENCE_SECONDS = 86_400.0

TAKEN = (asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError, asyncpg.DuplicateFunctionError)


async def migrate(connection: "Connection", *, writing: bool = True) -> None:
    """Bring the database to the newest version in one transaction; nodes that start at once wait for each other.

    Raises Unavailable where a newer Strongback wrote the database, or an older one did and this is no writer, or where
    the database holds tables of something else.
    """
    newest = len(VERSIONS)
    if not writing:
        version = await _version(connection)
        if version < newest:
            raise Unavailable(
                f"the database has version {version}; start `strongback serve` on it once to bring it to {newest}"
            )
        return
    async with connection.transaction():
        # However long the other node takes: it moves what is there.
        await connection.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
        await connection.execute(f"SELECT pg_advisory_xact_lock({MIGRATION})", timeout=PATIENCE_SECONDS)
        version = await _version(connection)
        try:
            for number in range(version, newest):
                await connection.execute(VERSIONS[number], timeout=PATIENCE_SECONDS)
        except TAKEN as error:
            raise Unavailable(
                f"the database is not empty and not Strongback's: {error}; name an empty one"
            ) from error
        except asyncpg.InsufficientPrivilegeError as error:
            raise Unavailable(
                f"the database user may not make tables: {error}; make it the database's owner"
            ) from error
        if version == 0:
            await connection.execute(
                "CREATE TABLE version (number integer NOT NULL); INSERT INTO version VALUES (0)"
            )
        if version < newest:
            await connection.execute("UPDATE version SET number = $1", newest)


async def _version(connection: "Connection") -> int:
    """The version of the tables; 0 for a database without them."""
    if await connection.fetchval("SELECT to_regclass('version') IS NULL"):
        return 0
    try:
        version: int = await connection.fetchval("SELECT number FROM version")
    except asyncpg.UndefinedColumnError:
        raise Unavailable("the database is not empty and not Strongback's; name an empty one") from None
    if version > len(VERSIONS):
        raise Unavailable(
            f"the database has version {version}, but this Strongback knows only version {len(VERSIONS)}: "
            "start the newer Strongback that wrote it"
        )
    return version
