"""How the database is reached, and what its failures mean to a client."""

from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import asyncpg

from strongback.errors import Unavailable

if TYPE_CHECKING:
    from asyncpg.pool import Pool as AsyncpgPool
    from asyncpg.pool import PoolConnectionProxy

    Pooled: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | Pooled
    Pool: TypeAlias = AsyncpgPool[asyncpg.Record]

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 10.0
"""A node that is cut off notices it after so long; no single statement needs as much."""

SERVER_SETTINGS = {
    "application_name": "strongback",
    "jit": "off",
    # Guards must see what was committed while they waited for their turn.
    "default_transaction_isolation": "read committed",
    # What is asked for often is in memory, where an index costs no more than a scan.
    "random_page_cost": "1.1",
    # Planning takes longer than reading a page, and which index is right does not depend on the values.
    "plan_cache_mode": "force_generic_plan",
    "lock_timeout": "8s",
    "statement_timeout": "9s",
    # A node that stops in the middle of a commit must not hold up the others for longer.
    "idle_in_transaction_session_timeout": "5s",
}

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What is raised where the database, or the way to it, is gone."""

FAILURES = (*AWAY, asyncpg.PostgresError)


def unavailable(error: Exception) -> Unavailable:
    """Say in a sentence why the database can not serve; a password or a host is never part of it."""
    if isinstance(error, asyncpg.DiskFullError):
        return Unavailable("the disk of the database is full; nothing was written")
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return Unavailable("the database can not be written: it is read-only, perhaps a replica")
    if isinstance(error, asyncpg.LockNotAvailableError | asyncpg.QueryCanceledError):
        return Unavailable("the database is busy with another change; try again in a moment")
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return Unavailable(
            "the database has no connection left: raise its max_connections, or run fewer nodes"
        )
    if isinstance(error, TimeoutError):
        return Unavailable(
            "the database does not answer in time, or all connections to it are in use; try again in a moment"
        )
    if isinstance(error, AWAY):
        return Unavailable("the database can not be reached now; try again in a moment")
    return Unavailable(f"the database can not serve now ({type(error).__name__}: {error})")


def place(url: str) -> str:
    """The hosts and the name of the database in a URL, without user and password; ValueError where a port is none."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2]
    if 0 in [urlsplit(f"//{host}").port for host in hosts.split(",")]:
        raise ValueError("there is no port 0")
    return f"{hosts or 'the local socket'}{parts.path}"


async def open_pool(url: str, connections: int) -> "Pool":
    """Open a pool of up to so many connections; the first one is made at once."""
    return await asyncpg.create_pool(
        url,
        # A pool that has to keep some would log a trace for each while the database is away.
        min_size=0,
        init_size=1,
        max_size=connections,
        timeout=CONNECT_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        statement_cache_size=512,
        server_settings=SERVER_SETTINGS,
        reset=_as_it_is,
    )


async def _as_it_is(_: object) -> None:
    """Nothing here changes a session, so a connection goes back without the statement that would reset it."""
