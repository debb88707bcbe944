"""A request as it arrived, and the parser that finds requests in a connection's bytes."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True, eq=False)
class Received:
    """A request as it arrived: header names as they were spelled, in their order, and the exact bytes of the body."""

    method: str
    target: str
    headers: Headers
    body: bytes
    at: float = 0.0
    """When it had arrived in full, by `time.monotonic`."""
    connection: int = 0
    """The number of its connection: requests with the same number came over one connection."""
    port: int = 0
    answered: float | None = None
    """When its whole answer was written; None as long as it was not."""

    @property
    def path(self) -> str:
        """The target without its query string."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query string; of a repeated one the last."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name; None if it was not sent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def last(self) -> bool:
        """Whether the caller wants the connection closed after the answer."""
        return (self.header("connection") or "").lower() == "close"


class BadRequest(Exception):
    """The bytes are no request."""


class Parser:
    """Finds requests in the bytes of a connection: `feed` it, and ask for the `next` until there is none."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._head: tuple[str, str, Headers] | None = None
        self._length: int | None = None
        self._chunks: list[bytes] = []
        self.expects = False
        """Whether the caller waits for `100 Continue` before it sends the body."""

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        self._data += data

    def next(self) -> Received | None:
        """Return the next request that is there in full."""
        if self._head is None and not self._read_head():
            return None
        body = self._read_chunks() if self._length is None else self._read(self._length)
        if body is None or self._head is None:
            return None
        method, target, headers = self._head
        self._head, self.expects = None, False
        return Received(method, target, headers, body)

    def _read_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._data[:end].decode("latin-1").split("\r\n")
        del self._data[: end + 4]
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequest(f"{first[:100]!r} is no request line")
        headers = []
        self._length = 0
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequest(f"{line[:100]!r} is no header")
            value = value.strip()
            headers.append((name, value))
            self._note(name.lower(), value)
        self._head = (words[0], words[1], tuple(headers))
        return True

    def _note(self, name: str, value: str) -> None:
        if name == "content-length":
            if not value.isdecimal():
                raise BadRequest(f"{value[:100]!r} is no length")
            self._length = int(value)
        elif name == "transfer-encoding" and value.lower() == "chunked":
            self._length, self._chunks = None, []
        elif name == "expect":
            self.expects = True

    def _read(self, length: int) -> bytes | None:
        if len(self._data) < length:
            return None
        body = bytes(self._data[:length])
        del self._data[:length]
        return body

    def _read_chunks(self) -> bytes | None:
        while (end := self._data.find(b"\r\n")) >= 0:
            try:
                size = int(self._data[:end].partition(b";")[0], 16)
            except ValueError:
                raise BadRequest("a chunk has no size") from None
            after = end + 2 + size + 2
            if len(self._data) < after:
                return None
            chunk = bytes(self._data[end + 2 : end + 2 + size])
            del self._data[:after]
            if not size:
                return b"".join(self._chunks)
            self._chunks.append(chunk)
        return None
