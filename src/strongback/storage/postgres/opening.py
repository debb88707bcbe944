"""What a database must be before a store is opened on it, and the sentences where it is not."""

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg
import structlog

from strongback.errors import Unavailable
from strongback.storage.postgres.connection import CONNECT_SECONDS, place

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

OLDEST = 15
CLOCKS_MS = 2_000
"""Leases and moments are in the nodes' clocks, so these must agree."""

_log = structlog.get_logger("strongback.storage")

UNREADABLE = (
    "the URL of the database can not be read: write postgresql://user:password@host:port/name, with %-codes for the"
    " characters /?#@: in the password"
)


def named(url: str) -> str:
    """The place that a URL names; Unavailable where a part of the password might be taken for it."""
    try:
        parts = urlsplit(url)
        if "@" in url.removeprefix(f"{parts.scheme}://{parts.netloc}"):
            raise Unavailable(UNREADABLE)
        return place(url)
    except ValueError:
        raise Unavailable(UNREADABLE) from None


def not_opened(where: str, error: Exception) -> Unavailable:
    """Say why a connection could not be made."""
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return Unavailable(f"{where}: {error}; make it first, with createdb")
    if isinstance(error, TimeoutError):
        return Unavailable(f"{where} does not answer within {CONNECT_SECONDS:.0f} seconds")
    return Unavailable(f"{where} can not be opened as a database: {error}")


async def check_server(connection: "Connection", where: str) -> None:
    """Raise Unavailable where the server or the database can not hold a store; warn where its clock differs."""
    check_version(connection.get_server_version().major, where)
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise Unavailable(
            f"{where} has the encoding {encoding}, and Strongback needs UTF8: make a database with"
            " createdb --encoding UTF8 --template template0"
        )
    before = time.time()
    there = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    differs = round((there - (before + time.time()) / 2) * 1000)
    if abs(differs) > CLOCKS_MS:
        _log.warning(
            "the database's clock is not this machine's: let both follow the same time server",
            database=where,
            ahead_ms=differs,
        )


async def check_whole(connection: "Connection", where: str) -> None:
    """Raise Unavailable where the database holds a copy that is not finished."""
    if await connection.fetchval("SELECT to_regclass('copying') IS NOT NULL"):
        raise Unavailable(
            f"{where} holds a copy that is not finished: run the same `strongback copy` again, or name another database"
        )


def check_version(major: int, where: str) -> None:
    """Raise Unavailable for a server that is too old."""
    if major < OLDEST:
        raise Unavailable(f"{where} is PostgreSQL {major}, and Strongback needs {OLDEST} or newer")
