"""How nodes wake each other: a connection of its own that listens, and tells what this node has committed.

What is told may be lost, so it only saves waiting: what is owed stands in the table, and caches carry a revision.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import asyncpg
import structlog

from strongback.storage.postgres.connection import CONNECT_SECONDS, FAILURES, SERVER_SETTINGS

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

CHANNEL = "strongback"
DELIVERIES = "deliveries"
ACCESS = "access"
"""What is told; the latter by the commits that change permissions, roles or settings, themselves."""

NAME = "strongback-wakes"
TOGETHER_SECONDS = 0.02
"""Between two calls to the others: every NOTIFY takes a lock that all of the cluster's share."""
AGAIN_SECONDS = 1.0
CHECK_SECONDS = 10.0
"""A connection that was cut without a word is noticed when it is used."""

_log = structlog.get_logger("strongback.storage")


class Wakes:
    """Tells other nodes of deliveries, and calls those in `on_deliveries` and `on_access` when others tell."""

    def __init__(self, url: str) -> None:
        self.on_deliveries: list[Callable[[], None]] = []
        self.on_access: list[Callable[[], None]] = []
        self._url = url
        self._call = asyncio.Event()
        self._tried = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def tell(self) -> None:
        """Tell the other nodes soon that there is something to deliver."""
        self._call.set()

    async def tried(self) -> None:
        """Wait until it listens, or the database could not be reached."""
        await self._tried.wait()

    async def close(self) -> None:
        """Listen and tell no more."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        away = False
        while True:
            try:
                async with self._listening() as connection:
                    if away:
                        _log.info("this node hears the others again")
                        away = False
                        self._wake(self.on_deliveries + self.on_access)
                    self._tried.set()
                    await self._talk(connection)
            except FAILURES as error:
                if not away:
                    _log.warning("this node does not hear the others", reason=type(error).__name__)
                away = True
                self._tried.set()
            await asyncio.sleep(AGAIN_SECONDS)

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator["Connection"]:
        connection = await asyncpg.connect(
            self._url,
            timeout=CONNECT_SECONDS,
            command_timeout=CONNECT_SECONDS,
            # The lock is held until the disk has it, unless nobody waits for the disk.
            server_settings={**SERVER_SETTINGS, "application_name": NAME, "synchronous_commit": "off"},
        )
        try:
            connection.add_termination_listener(lambda _: self._call.set())  # the next call fails
            await connection.add_listener(CHANNEL, self._heard)
            yield connection
        finally:
            # Of the reasons to leave, the first counts: the end, for one.
            with contextlib.suppress(*FAILURES):
                await connection.close(timeout=CONNECT_SECONDS)

    async def _talk(self, connection: "Connection") -> None:
        """Call the others when there is a reason, and the database now and then, until that fails."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._call.wait()
            if self._call.is_set():
                self._call.clear()
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, DELIVERIES)
            else:
                await connection.execute("SELECT 1")
            await asyncio.sleep(TOGETHER_SECONDS)

    def _heard(self, connection: "Connection", pid: int, channel: str, payload: object) -> None:
        if payload == ACCESS:
            self._wake(self.on_access)
        elif payload == DELIVERIES and pid != connection.get_server_pid():
            self._wake(self.on_deliveries)

    def _wake(self, calls: list[Callable[[], None]]) -> None:
        for call in calls:
            call()


async def listen(url: str) -> Wakes:
    """Listen from now on, and as soon as the database can be reached."""
    wakes = Wakes(url)
    await wakes.tried()
    return wakes
