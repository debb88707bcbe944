"""Byte streams of a dump: counted, unpacked, and never raising once they are open.

A stream that breaks ends early and says why in `failure`, so that a reader delivers what came before.
"""

import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from strongback.importing.entries import UnreadableDump

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b\x08"
STDIN = Path("-")
_BUFFER_BYTES = 256 * 1024
_PIECE_BYTES = 512
"""Packed bytes given to zlib at once: when a piece is broken, its output is lost and no more than that."""


class _Source(Protocol):
    bytes_read: int
    failure: str | None

    def readinto(self, target: memoryview, /) -> int: ...


class _Counted(io.RawIOBase):
    """A file that counts its bytes and turns a read error into an early end."""

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        super().__init__()
        self._file = file
        self._head = head
        self.bytes_read = 0
        self.failure: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        target = memoryview(buffer)
        data = self._head[: len(target)]
        self._head = self._head[len(data) :]
        if not data:
            try:
                data = self._file.read(len(target))
            except OSError as error:
                self.failure = f"the file can not be read further: {error.strerror or error}"
        target[: len(data)] = data
        self.bytes_read += len(data)
        return len(data)


class _Gunzipped(io.RawIOBase):
    """The unpacked bytes of a gzip stream of one or more members."""

    def __init__(self, packed: _Counted) -> None:
        super().__init__()
        self._packed = packed
        self._pieces = io.BufferedReader(packed, _BUFFER_BYTES)
        self._inflater = zlib.decompressobj(wbits=31)
        self._waiting = b""
        self._ended = False
        self._broken: str | None = None

    @property
    def bytes_read(self) -> int:
        return self._packed.bytes_read

    @property
    def failure(self) -> str | None:
        return self._broken or self._packed.failure

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        target = memoryview(buffer)
        data = b""
        while not data and not self._ended:
            try:
                data = self._inflate(len(target))
            except zlib.error as error:
                self._end(f"the gzip stream is broken: {error}")
        target[: len(data)] = data
        return len(data)

    def _inflate(self, limit: int) -> bytes:
        if self._inflater.eof:
            self._next_member()
            return b""
        piece = self._waiting or self._pieces.read(_PIECE_BYTES)
        data = self._inflater.decompress(piece, limit)
        self._waiting = self._inflater.unconsumed_tail
        if not piece and not data:
            self._end("the gzip stream ends early" if self._packed.bytes_read else None)
        return data

    def _next_member(self) -> None:
        rest = self._inflater.unused_data.lstrip(b"\0")
        while not rest and (piece := self._pieces.read(_PIECE_BYTES)):
            rest = piece.lstrip(b"\0")
        if not rest:
            self._end(None)
            return
        self._inflater = zlib.decompressobj(wbits=31)
        self._waiting = rest

    def _end(self, reason: str | None) -> None:
        self._ended = True
        self._broken = reason


class Stream:
    """A buffered, unpacked byte stream."""

    def __init__(self, raw: _Counted | _Gunzipped) -> None:
        self._raw = raw
        self._buffered = io.BufferedReader(raw, _BUFFER_BYTES)
        self.read = self._buffered.read
        self.readline = self._buffered.readline
        self.packed = isinstance(raw, _Gunzipped)

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the file itself, packed as it is."""
        return self._raw.bytes_read

    @property
    def failure(self) -> str | None:
        """Why the stream ended early; None while all is well."""
        return self._raw.failure

    def skip(self, count: int) -> int:
        """Pass over bytes without holding them; return how many there were."""
        left = count
        while left and (data := self.read(min(left, _BUFFER_BYTES))):
            left -= len(data)
        return count - left


@contextmanager
def open_stream(path: Path, *, gzip: bool = False) -> Iterator[Stream]:
    """Open a file, or standard input for `-`; unpack it when it is gzip by its first bytes or by request.

    Raises UnreadableDump when the file can not be opened.
    """
    try:
        file: BinaryIO = sys.stdin.buffer if path == STDIN else path.open("rb")
    except OSError as error:
        raise UnreadableDump(f"{path} can not be opened: {error.strerror or error}.") from error
    try:
        yield _stream(file, path, gzip=gzip)
    finally:
        if path != STDIN:
            file.close()


def _stream(file: BinaryIO, path: Path, *, gzip: bool) -> Stream:
    try:
        head = file.read(len(GZIP_MAGIC))
    except OSError as error:
        raise UnreadableDump(f"{path} can not be read: {error.strerror or error}.") from error
    counted = _Counted(file, head)
    if head and (gzip or path.suffix == ".gz" or head == GZIP_MAGIC):
        return Stream(_Gunzipped(counted))
    return Stream(counted)
