"""The pool of connections: bounded, cut rather than closed, and quick to see what is no HTTP."""

from functools import partial
from typing import Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.helpers import set_exception
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

IDLE_SECONDS = 1.5
"""How long a connection waits for the next request: less than the servers in use wait before they close one."""
IDLE_ORIGINS = 128
"""How many servers have waiting connections."""
INTERIM_ANSWERS = 16
"""How many answers such as `100 Continue` may come before the answer."""


class Connector(TCPConnector):
    """A pool whose size does not grow with the number of servers, and that leaves nothing behind.

    aiohttp closes a connection gracefully: it goes on sending what is left, however long that takes. A receiver that
    reads nothing, or says no good-bye in TLS, would collect connections that way.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(keepalive_timeout=IDLE_SECONDS, limit=0, **options)
        reader: type[ResponseHandler] = Reader
        self._factory = partial(reader, loop=self._loop)

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        if should_close or protocol.should_close or len(self._conns) >= IDLE_ORIGINS:
            protocol.abort()
            should_close = True
        super()._release(key, protocol, should_close=should_close)


class Reader(ResponseHandler):
    """Reads answers, and ends them where aiohttp would wait for the deadline.

    A connection is kept only where the server says so. HTTP/1.1 would have it kept unless the server says no, but small
    servers close without a word, and the next request is lost on the way.
    """

    _interim = 0

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take the head of an answer; interim ones are bounded in number."""
        head = data[0]
        if head.code >= 200:
            self._interim = 0
            if "keep-alive" not in head.headers.get("Connection", "").lower():
                self.force_close()
        else:
            self._interim += 1
        if self._interim > INTERIM_ANSWERS:
            self.abort()
            self.set_exception(HttpProcessingError(message="too many interim answers"))
        else:
            super().feed_data(data, size)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Fail the answer, and its body too where the bytes turned out to be no HTTP in the middle of it."""
        if isinstance(exc, HttpProcessingError) and self._payload is not None:
            set_exception(self._payload, exc, *cause)
        super().set_exception(exc, *cause)
