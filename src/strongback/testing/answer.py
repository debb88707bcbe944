"""What the receiver does with a request: a proper answer, or one of the ways to go wrong."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, Literal

Step = bytes | float | Future[None]
"""Write these bytes, wait so many seconds, or wait until this is done."""

End = Literal["keep", "close", "reset", "open"]
"""What becomes of the connection: it serves the next request, is closed, is reset, or stays open in silence."""

PHRASES = {status.value: status.phrase for status in HTTPStatus}
BODILESS = frozenset({204, 304})
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Behaviour:
    """A sequence of steps and an end; `complete` tells whether the receiver has answered when they are done."""

    steps: Callable[[], Iterator[Step]]
    end: End = "keep"
    complete: bool = True


@dataclass(frozen=True)
class Answer:
    """A proper answer: a status, a body (bytes, text, or a value that becomes JSON), headers, a delay in seconds."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    head: bytes = field(init=False, repr=False)
    wire: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Put the bytes together once, however often they are sent."""
        kind, body = _encoded(self.body)
        headers = {"Content-Type": kind} if kind else {}
        if self.status not in BODILESS:
            headers["Content-Length"] = str(len(body))
        given = {name.lower() for name in self.headers}
        headers = {name: value for name, value in headers.items() if name.lower() not in given}
        head = head_of(self.status, {**headers, **self.headers})
        object.__setattr__(self, "head", head)
        object.__setattr__(self, "wire", head if self.status in BODILESS else head + body)


@dataclass(frozen=True)
class Hold:
    """An answer that waits until the test calls `release`."""

    answer: Answer = field(default_factory=Answer)
    gate: Future[None] = field(default_factory=Future, repr=False)

    def release(self) -> None:
        """Let the answer go, to the requests that wait and to those that are still to come."""
        if not self.gate.done():
            self.gate.set_result(None)


def head_of(status: int, headers: Mapping[str, str]) -> bytes:
    """The bytes of a status line and headers."""
    phrase = PHRASES.get(status, "Unknown")
    lines = (f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", "")
    return "\r\n".join(lines).encode("latin-1")


def _encoded(body: Any) -> tuple[str, bytes]:
    if isinstance(body, bytes):
        return "", body
    if isinstance(body, str):
        return "text/plain; charset=utf-8", body.encode()
    return "application/json", json.dumps(body, ensure_ascii=False).encode()


def hang() -> Behaviour:
    """Take the request and never answer."""
    return Behaviour(lambda: iter(()), "open", complete=False)


def headers_only(length: int = 1000) -> Behaviour:
    """Send headers that announce a body, and then nothing more."""
    return Behaviour(lambda: iter((head_of(200, {"Content-Length": str(length)}),)), "open", complete=False)


def reset(after: float = 0.0) -> Behaviour:
    """Reset the connection instead of an answer."""
    return Behaviour(lambda: iter((after,)), "reset", complete=False)


def half(body: bytes = b"x" * 1000, end: End = "close") -> Behaviour:
    """Announce a body, send half of it, and close (or reset) the connection."""
    head = head_of(200, {"Content-Length": str(len(body))})
    return Behaviour(lambda: iter((head, body[: len(body) // 2])), end, complete=False)


def wrong_length(length: int, body: bytes = b"{}") -> Behaviour:
    """Send a body with a Content-Length that is not its own, and close the connection."""
    return Behaviour(lambda: iter((head_of(200, {"Content-Length": str(length)}), body)), "close")


def garbage(data: bytes = b"\x16\x03\x01 this is not HTTP \xff\xfe\r\n\r\n") -> Behaviour:
    """Send bytes that are no HTTP, and close the connection."""
    return Behaviour(lambda: iter((data,)), "close", complete=False)


def drip(
    body: bytes = b"x" * 1000, *, bytes_per_second: float = 1.0, status: int = 200, head: bool = False
) -> Behaviour:
    """Send the body byte by byte; `head=True` lets even the headers drip."""
    start = head_of(status, {"Content-Length": str(len(body))})

    def steps() -> Iterator[Step]:
        if not head:
            yield start
        for byte in start + body if head else body:
            yield bytes((byte,))
            yield 1 / bytes_per_second

    return Behaviour(steps)


def endless(chunk: bytes = b"x" * 65536) -> Behaviour:
    """Send a body without an end."""

    def steps() -> Iterator[Step]:
        yield head_of(200, {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"})
        framed = b"%x\r\n%b\r\n" % (len(chunk), chunk)
        while True:
            yield framed

    return Behaviour(steps, "close", complete=False)


def bomb(megabytes: int = 100) -> Answer:
    """Answer with a small gzip body that becomes very large when it is unpacked."""
    return Answer(body=_packed_zeros(megabytes), headers={"Content-Encoding": "gzip"})


@cache
def _packed_zeros(megabytes: int) -> bytes:
    # members of a gzip file may follow each other, so that one packed megabyte is enough
    return gzip.compress(bytes(MEGABYTE), mtime=0) * megabytes


def redirect(url: str, status: int = 302) -> Answer:
    """Send the caller elsewhere."""
    return Answer(status, headers={"Location": url})


def retry_after(value: int | str, status: int = 429) -> Answer:
    """Ask the caller to come back later: seconds, a date, or anything absurd."""
    return Answer(status, headers={"Retry-After": str(value)})
