"""The way from a node to its database, which a test may cut, or drop connections of."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

CHUNK = 65_536


class Proxy:
    """Passes bytes between a port of its own and another one of this machine, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._passing = asyncio.Event()
        self._passing.set()
        self._ways: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._server: asyncio.Server
        self.port = 0

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self.port = self._run(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        """Drop everything and stop."""
        self._run(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Pass nothing from now on, and tell nobody: what is sent waits, as on a network that has come apart."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def mend(self) -> None:
        """Pass everything again, also what has waited."""
        self._loop.call_soon_threadsafe(self._passing.set)

    def drop(self) -> int:
        """Reset every connection; answers how many there were."""

        async def drop() -> int:
            ways = list(self._ways)
            for both in ways:
                for writer in both:
                    writer.transport.abort()
            return len(ways)

        return self._run(drop)

    def _run(self, work: Callable[[], Awaitable[int]]) -> int:
        async def run() -> int:
            return await work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> int:
        self._passing.set()
        self._server.close()
        await asyncio.wait([asyncio.create_task(self._dropped())], timeout=5)
        return 0

    async def _dropped(self) -> None:
        """Abort every connection, and wait until nobody serves one any more."""
        while self._ways:
            for way in list(self._ways):
                for writer in way:
                    writer.transport.abort()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        both = writer, far_writer
        self._ways.add(both)
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._ways.discard(both)
            for one in both:
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self._passing.wait()
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()
