"""Connections for single reads, kept at hand: to take one from a pool and give it back costs as much as a read."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from strongback.storage.postgres.connection import CONNECT_SECONDS

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Pool, Pooled


class Readers:
    """Up to `size` connections of a pool; what went wrong with one is left to the pool."""

    def __init__(self, pool: "Pool", size: int) -> None:
        self._pool = pool
        self._free = asyncio.Semaphore(size)
        self._idle: list[Pooled] = []

    async def fetch(self, sql: str, parameters: tuple[Any, ...]) -> list[asyncpg.Record]:
        """The rows of a statement; TimeoutError where no connection becomes free."""
        if self._free.locked():
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._free.acquire()
        else:
            await self._free.acquire()
        try:
            return await self._fetch(await self._take(), sql, parameters)
        finally:
            self._free.release()

    async def close(self) -> None:
        """Give the idle ones back to the pool."""
        while self._idle:
            await self._pool.release(self._idle.pop())

    async def _take(self) -> "Pooled":
        while self._idle:
            connection = self._idle.pop()
            with suppress(asyncpg.InterfaceError):  # the pool takes back by itself what has ended
                if not connection.is_closed():
                    return connection
                await self._pool.release(connection)
        return await self._pool.acquire(timeout=CONNECT_SECONDS)

    async def _fetch(
        self, connection: "Pooled", sql: str, parameters: tuple[Any, ...]
    ) -> list[asyncpg.Record]:
        try:
            rows = await connection.fetch(sql, *parameters)
        except asyncpg.PostgresError:  # the statement's fault, not the connection's
            self._idle.append(connection)
            raise
        except BaseException:
            await self._pool.release(connection)
            raise
        self._idle.append(connection)
        return rows
