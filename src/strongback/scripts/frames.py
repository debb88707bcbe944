"""How parent and worker talk: frames of a length, a tag and a body."""

import struct
from typing import Final

HELLO: Final = ord("H")
"""Up: the worker stands behind its wall. The body is a JSON list of what the wall lacks."""
CALL: Final = ord("C")
"""Down: run a method. The body is a JSON head, a line feed, and the argument's JSON text."""
REQUESTS: Final = ord("F")
"""Up: the script waits. The body is a JSON list of [id, request], empty where earlier ones are still open."""
SETTLE: Final = ord("S")
"""Down: answers to requests, a JSON list of [id, status, headers, text]."""
RESULT: Final = ord("R")
"""Up: the run is over. The body is a line of costs, then JSON."""
FAILURE: Final = ord("E")
"""Up: the run failed and its context is gone. As RESULT."""

_HEAD = struct.Struct(">IB")


class FrameTooLong(Exception):
    """The other side announces more than it may send."""


def frame(tag: int, body: bytes) -> bytes:
    """Put a body on the wire."""
    return _HEAD.pack(len(body), tag) + body


class Inbox:
    """Cuts what arrives into frames."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        self._data += data

    def take(self) -> tuple[int, bytes] | None:
        """The next whole frame, or None."""
        if len(self._data) < _HEAD.size:
            return None
        length, tag = _HEAD.unpack_from(self._data)
        if length > self._longest:
            raise FrameTooLong(f"a frame of {length} bytes where {self._longest} are allowed")
        end = _HEAD.size + length
        if len(self._data) < end:
            return None
        body = bytes(self._data[_HEAD.size : end])
        del self._data[:end]
        return tag, body
