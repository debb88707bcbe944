"""One connection to the receiver: requests in, and for each what its behaviour says."""

import asyncio
import contextlib
import socket
import struct
import time
from concurrent.futures import Future
from typing import Protocol, cast

from strongback.testing.answer import Answer, Behaviour, End, Hold, Step
from strongback.testing.received import BadRequest, Parser, Received

Reaction = Answer | Hold | Behaviour
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Log(Protocol):
    """Who is told about requests, and says what to do with them."""

    def arrived(self, request: Received) -> Reaction:
        """Record a request and choose the reaction."""
        ...

    def finished(self, request: Received, *, answered: bool) -> None:
        """Record that nothing more will be sent for a request."""
        ...


class Connection(asyncio.Protocol):
    """Serves the requests of a connection one after the other."""

    def __init__(self, log: Log, number: int, port: int, connections: "set[Connection]") -> None:
        self._log = log
        self._number = number
        self._port = port
        self._connections = connections
        self._hanging: Received | None = None
        self._parser = Parser()
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None] | None = None
        self._silent = False
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop what is being sent: nobody listens any more."""
        if self._task is not None:
            self._task.cancel()
        if self._hanging is not None:
            self._log.finished(self._hanging, answered=False)
        self._connections.discard(self)

    def pause_writing(self) -> None:
        """Wait: the caller reads slower than we write."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on: the caller has caught up."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Serve the requests that are there in full."""
        self._parser.feed(data)
        self._serve()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _serve(self) -> None:
        try:
            while self._task is None and not self._silent and (request := self._parser.next()) is not None:
                request.at, request.connection, request.port = time.monotonic(), self._number, self._port
                self._react(request)
        except BadRequest as problem:
            self._transport.write(Answer(400, f"{problem}\n", {"Connection": "close"}).wire)
            self._transport.close()
        else:
            if self._parser.expects:
                self._parser.expects = False
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _react(self, request: Received) -> None:
        reaction = self._log.arrived(request)
        if isinstance(reaction, Answer) and not reaction.delay:
            self._transport.write(reaction.head if request.method == "HEAD" else reaction.wire)
            self._finish(request, "keep", answered=True)
        else:
            behaviour = _behaviour(reaction, request)
            self._task = asyncio.get_running_loop().create_task(self._play(behaviour, request))

    async def _play(self, behaviour: Behaviour, request: Received) -> None:
        answered = False
        try:
            for step in behaviour.steps():
                await self._take(step)
            answered = behaviour.complete
        finally:
            self._task = None
            self._finish(request, behaviour.end, answered=answered)
        self._serve()

    async def _take(self, step: Step) -> None:
        if isinstance(step, bytes):
            self._transport.write(step)
            await self._writable.wait()
            await asyncio.sleep(0)
        elif isinstance(step, int | float):
            await asyncio.sleep(step)
        else:
            await _done(step)

    def _finish(self, request: Received, end: End, *, answered: bool) -> None:
        self._silent = end != "keep" or request.last
        if end == "reset":
            self._reset()
        elif end == "close" or (end == "keep" and request.last):
            self._transport.close()
        if end == "open" and not self._transport.is_closing():
            self._hanging = request
        else:
            self._log.finished(request, answered=answered)

    def _reset(self) -> None:
        self._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
        )
        self._transport.abort()


async def _done(gate: Future[None]) -> None:
    loop, opened = asyncio.get_running_loop(), asyncio.Event()

    def wake(_: Future[None]) -> None:
        with contextlib.suppress(RuntimeError):  # the receiver may have been closed before the gate opened
            loop.call_soon_threadsafe(opened.set)

    gate.add_done_callback(wake)
    await opened.wait()


def _behaviour(reaction: Reaction, request: Received) -> Behaviour:
    if isinstance(reaction, Behaviour):
        return reaction
    answer = reaction.answer if isinstance(reaction, Hold) else reaction
    wire = answer.head if request.method == "HEAD" else answer.wire
    gate: tuple[Step, ...] = (reaction.gate,) if isinstance(reaction, Hold) else ()
    return Behaviour(lambda: iter((*gate, float(answer.delay), wire)))
