"""A server that says exactly the bytes a test wants said."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """A listening server: its port, how many connections were made, and the requests that `answering` read."""

    def __init__(self) -> None:
        self.port = 0
        self.scheme = "http"
        self.connections = 0
        self.received: list[bytes] = []
        self.lost = asyncio.Event()
        """Set when a client went away."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/"


@asynccontextmanager
async def serving(
    handler: Handler | None = None, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Serve on a free port; without a handler every request is answered 200 on a connection that stays open."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()
    handle = handler or answering(server, OK)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        # uvloop raises RuntimeError where asyncio's loop has a ConnectionError: what is written was cut off
        with contextlib.suppress(
            asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError, RuntimeError
        ):
            await handle(reader, writer)
        server.lost.set()
        writer.transport.abort()
        tasks.discard(task)

    listener = await asyncio.start_server(connected, host, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    server.scheme = "https" if tls else "http"
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def request(reader: asyncio.StreamReader) -> bytes:
    """Read a request: its head, and the body that Content-Length announces."""
    head = await reader.readuntil(b"\r\n\r\n")
    _, found, length = head.lower().partition(b"content-length:")
    return head + await reader.readexactly(int(length.split(b"\r\n")[0]) if found else 0)


def answering(server: Server, *answers: bytes) -> Handler:
    """Answer the requests of a connection with these bytes, one after the other; the last repeats."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        count = 0
        while True:
            server.received.append(await request(reader))
            writer.write(answers[min(count, len(answers) - 1)])
            await writer.drain()
            count += 1

    return handle


def saying(*pieces: bytes) -> Handler:
    """Read a request, say the pieces one by one, and close."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)  # a piece of its own for the client, too
        writer.close()
        await writer.wait_closed()

    return handle
