"""Connections for single reads, kept at hand: to take one from a pool and give it back costs as much as a read."""

import asyncio
from collections import deque
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
        self._free = size
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._idle: list[Pooled] = []

    async def fetch(self, sql: str, parameters: tuple[Any, ...]) -> list[asyncpg.Record]:
        """The rows of a statement; TimeoutError where no connection becomes free."""
        if self._free:
            self._free -= 1
        else:
            await self._turn()
        try:
            return await self._fetch(await self._take(), sql, parameters)
        finally:
            self._give()

    async def close(self) -> None:
        """Give the idle ones back to the pool."""
        if self._watch is not None:
            self._watch.cancel()
        while self._idle:
            await self._pool.release(self._idle.pop())

    async def _turn(self) -> None:
        """Wait until another read ends: asyncio's semaphore and timeout would take longer than to send the statement."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        if self._watch is None:
            self._watch = loop.call_later(CONNECT_SECONDS, self._refuse)
        self._waiting.append((loop.time() + CONNECT_SECONDS, turn))
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give()  # its turn had come when it was cut off
            raise

    def _give(self) -> None:
        """Let the next one read that still waits."""
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _refuse(self) -> None:
        """End the waiting of those who have waited too long: one timer for all of them."""
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0][0] <= loop.time():
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError())
        self._watch = loop.call_at(self._waiting[0][0], self._refuse) if self._waiting else None

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
