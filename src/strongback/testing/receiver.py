"""A programmable HTTP receiver on this machine: it records what arrives, and answers, fails or hangs as told.

with Receiver() as receiver:
    receiver.answer(status=200, body={"text": "hello"})
    receiver.script("/flaky", [Answer(500), reset(), Answer(200)])
    ...                                   # let something call receiver.url
    (first, *_) = receiver.wait(1)
    assert first.json() == {...}
"""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self, TypeVar

from strongback.testing.answer import Answer
from strongback.testing.connection import Connection, Reaction
from strongback.testing.received import Received

T = TypeVar("T")

HOST = "127.0.0.1"
BACKLOG = 2048
EVERY = "*"
"""The path of a script for all requests whose own path has none."""

Play = Reaction | Callable[[Received], Reaction]
"""What to do with a request, or a function that decides when it has arrived; it runs in the receiver's thread."""


class Receiver:
    """An HTTP/1.1 server in a thread of its own.

    `origins` asks for that many ports, `port` for a certain one, `tls` for HTTPS; `record=False` only counts.
    """

    def __init__(
        self, *, port: int = 0, origins: int = 1, tls: ssl.SSLContext | None = None, record: bool = True
    ) -> None:
        self._wanted = [port, *[0] * (origins - 1)]
        self._tls = tls
        self._record = record
        self._changed = threading.Condition()
        self._scripts: dict[str, list[Play]] = {EVERY: [Answer(body=b"{}")]}
        self._requests: list[Received] = []
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)
        self._servers: list[asyncio.AbstractServer] = []
        self._open: set[Connection] = set()
        self.count = 0
        """How many requests have arrived."""
        self.connections = 0
        """How many connections were made, with or without a request."""
        self.waiting = 0
        """How many requests wait for their answer now."""
        self.most_at_once = 0
        """The largest number of requests that waited at the same time."""

    def __enter__(self) -> Self:
        """Listen."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        try:
            self._wanted = self._call(self._listen)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Cut every connection and stop."""
        self.close()

    @property
    def url(self) -> str:
        """The URL of the receiver, without a slash at its end."""
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """The URLs of all its ports."""
        return [f"{'http' if self._tls is None else 'https'}://{HOST}:{port}" for port in self._wanted]

    @property
    def requests(self) -> list[Received]:
        """The requests so far, in the order of their arrival."""
        with self._changed:
            return self._requests.copy()

    def answer(
        self,
        status: int = 200,
        body: Any = b"{}",
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
    ) -> None:
        """Say what to answer to requests whose path has no script."""
        self.script(EVERY, [Answer(status, body, headers or {}, delay)])

    def script(self, path: str, plays: Sequence[Play]) -> None:
        """Say what to do with the requests to a path, one after the other; the last repeats. `*` is every other path."""
        if not plays:
            raise ValueError("a script needs at least one answer")
        with self._changed:
            self._scripts[path] = list(reversed(plays))

    def clear(self) -> None:
        """Forget the requests so far; the scripts stay."""
        with self._changed:
            self._requests, self.count, self.connections, self.most_at_once = [], 0, 0, self.waiting

    def wait(self, count: int = 1, timeout: float = 10.0, path: str | None = None) -> list[Received]:
        """Wait until so many requests have arrived (at a path, if one is named), and return them."""

        def arrived() -> list[Received] | None:
            found = [one for one in self._requests if path is None or one.path == path]
            return found if len(found) >= count else None

        wanted = f"{count} requests" + (f" to {path}" if path else "")
        return self._wait(arrived, timeout, wanted)

    def wait_until(
        self, condition: Callable[[list[Received]], bool], timeout: float = 10.0
    ) -> list[Received]:
        """Wait until the requests are as a condition wants them; it is asked whenever one arrives or is answered."""
        return self._wait(
            lambda: self._requests.copy() if condition(self._requests) else None, timeout, "the condition"
        )

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse connections for a while: the ports are closed, and listen again afterwards."""
        self._call(self._leave)
        try:
            yield
        finally:
            self._call(self._listen)

    def close(self) -> None:
        """Cut every connection and stop."""
        if self._thread.is_alive():
            self._call(self._leave)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def arrived(self, request: Received) -> Reaction:
        """Record a request and choose the reaction (for connections)."""
        with self._changed:
            self.count += 1
            self.waiting += 1
            self.most_at_once = max(self.most_at_once, self.waiting)
            if self._record:
                self._requests.append(request)
            script = self._scripts.get(request.path) or self._scripts[EVERY]
            play = script.pop() if len(script) > 1 else script[0]
            self._changed.notify_all()
        return play if not callable(play) else _decided(play, request)

    def finished(self, request: Received, *, answered: bool) -> None:
        """Record that nothing more will be sent for a request (for connections)."""
        with self._changed:
            self.waiting -= 1
            if answered:
                request.answered = time.monotonic()
            self._changed.notify_all()

    def _wait(
        self, found: Callable[[], list[Received] | None], timeout: float, wanted: str
    ) -> list[Received]:
        deadline = time.monotonic() + timeout
        with self._changed:
            while (result := found()) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(
                        f"the receiver waited {timeout:g} s for {wanted}; {self.count} requests arrived"
                    )
                self._changed.wait(left)
            return result

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _call(self, step: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(step(), self._loop).result()

    async def _listen(self) -> list[int]:
        ports = []
        for wanted in self._wanted:
            listener = socket.create_server((HOST, wanted), backlog=BACKLOG)
            ports.append(listener.getsockname()[1])
            factory = partial(self._connect, ports[-1])
            self._servers.append(await self._loop.create_server(factory, sock=listener, ssl=self._tls))
        return ports

    async def _leave(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        # a task that is not ours is a TLS handshake; cancelled, it closes its connection
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        while self._open:
            for connection in list(self._open):
                connection.abort()
            await asyncio.sleep(0)

    def _connect(self, port: int) -> Connection:
        self.connections += 1
        return Connection(self, self.connections, port, self._open)


def _decided(decide: Callable[[Received], Reaction], request: Received) -> Reaction:
    try:
        return decide(request)
    except Exception as problem:
        return Answer(500, f"the test's function failed: {problem!r}\n")
