"""Reading a body with bounds: of its bytes as they come, and of what they decode to."""

import zlib
from typing import Protocol

from strongback.egress.contract import EgressError

CODINGS = "gzip, deflate"
"""What is asked for (`Accept-Encoding`) and decoded. A body in a coding that was not asked for is left as it is."""

MEMBERS = 64
"""How many streams a gzip body may consist of."""


class Chunks(Protocol):
    """A body that arrives in pieces; the empty piece is its end."""

    async def readany(self) -> bytes: ...


async def read_body(chunks: Chunks, coding: str, limit: int) -> tuple[bytes, bool]:
    """Read and decode at most `limit` bytes; the flag tells that there were more. Raises EgressError `decode`."""
    decoder = _decoder(coding)
    parts: list[bytes] = []
    arrived = size = 0
    while chunk := await chunks.readany():
        arrived += len(chunk)
        part = chunk if decoder is None else decoder.decode(chunk, limit + 1 - size)
        parts.append(part)
        size += len(part)
        if arrived > limit or size > limit:
            return b"".join(parts)[:limit], True
    if decoder is not None and arrived:
        decoder.finish()
    return b"".join(parts), False


def _decoder(coding: str) -> "_Decoder | None":
    name = coding.strip().lower()
    if name in {"gzip", "x-gzip"}:
        return _Decoder("gzip", zlib.MAX_WBITS | 16)
    if name == "deflate":
        return _Decoder("deflate", zlib.MAX_WBITS)
    return None


class _Decoder:
    """A stream of gzip or deflate that gives out no more than it is asked for."""

    def __init__(self, name: str, window: int) -> None:
        self._name = name
        self._window = window
        self._stream = zlib.decompressobj(window)
        self._begun = False
        self._members = 1

    def decode(self, data: bytes, most: int) -> bytes:
        """Decode the next piece, to at most `most` bytes; nothing may follow a piece that gave that many."""
        if not self._begun:
            self._begin(data)
        decoded = b""
        try:
            while data and len(decoded) < most:
                if self._stream.eof and not self._next_member(data):
                    break
                decoded += self._stream.decompress(data, most - len(decoded))
                data = self._stream.unused_data
        except zlib.error as error:
            raise EgressError("decode", f"the answer's {self._name} encoding is broken: {error}") from None
        return decoded

    def finish(self) -> None:
        """Check that the stream is whole."""
        if not self._stream.eof:
            raise EgressError("decode", f"the answer ended in the middle of its {self._name} encoding")

    def _begin(self, data: bytes) -> None:
        self._begun = True
        if self._name == "deflate" and data[0] & 0x0F != zlib.DEFLATED:
            self._stream = zlib.decompressobj(
                -zlib.MAX_WBITS
            )  # without the zlib header, as some servers send it

    def _next_member(self, data: bytes) -> bool:
        """Begin the next stream of a gzip body; whatever else follows a stream is no part of the body."""
        if self._name != "gzip" or data[0] != 0x1F:
            return False
        self._members += 1
        if self._members > MEMBERS:
            raise EgressError("decode", f"the answer's gzip encoding has more than {MEMBERS} parts")
        self._stream = zlib.decompressobj(self._window)
        return True
