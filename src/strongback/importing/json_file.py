"""Read the documents of a mongoexport file: one per line, pretty-printed, or one JSON array."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from bson.errors import BSONError

from strongback.importing.entries import MAX_DOCUMENT_BYTES, Damage, Entry
from strongback.importing.extended_json import revive
from strongback.importing.streams import Stream

_CHUNK_BYTES = 256 * 1024
BAD_VALUE = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError, BSONError)
_UNDECODED = re.compile("[\udc80-\udcff]")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"|["{}\[\]]', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(object_hook=revive)


def read_json(stream: Stream, source: str) -> Iterator[Entry]:
    """Yield every document; a broken line or array element is reported and passed over."""
    line, number = stream.readline(MAX_DOCUMENT_BYTES).removeprefix(codecs.BOM_UTF8), 1
    while line and not line.strip():
        line, number = stream.readline(MAX_DOCUMENT_BYTES), number + 1
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield Damage(source, "line 1", "the file is UTF-16; convert it to UTF-8")
        return
    if line.lstrip().startswith(b"["):
        yield from _ArrayReader(stream, source, line.lstrip()[1:]).entries()
    else:
        yield from _read_lines(stream, source, line, number)
    if stream.failure:
        yield Damage(source, "at its end", stream.failure)


def _read_lines(stream: Stream, source: str, line: bytes, number: int) -> Iterator[Entry]:
    while line:
        first = number
        if line.rstrip() == b"{":
            line, number = _rest_of_pretty(stream, line, number)
        if len(line) >= MAX_DOCUMENT_BYTES and not line.endswith(b"\n"):
            yield Damage(source, f"line {first}", f"longer than {MAX_DOCUMENT_BYTES >> 20} MB: not read")
            _pass_over_line(stream)
        elif line.strip():
            yield _decode_line(line, source, f"line {first}")
        line, number = stream.readline(MAX_DOCUMENT_BYTES), number + 1


def _rest_of_pretty(stream: Stream, line: bytes, number: int) -> tuple[bytes, int]:
    """Gather a pretty-printed document, which ends with the only unindented `}`."""
    lines, size = [line], len(line)
    while size < MAX_DOCUMENT_BYTES and (more := stream.readline(MAX_DOCUMENT_BYTES - size)):
        lines.append(more)
        size += len(more)
        number += 1
        if more.rstrip() == b"}":
            break
    return b"".join(lines), number


def _pass_over_line(stream: Stream) -> None:
    while (piece := stream.readline(_CHUNK_BYTES)) and not piece.endswith(b"\n"):
        pass


def _decode_line(line: bytes, source: str, place: str) -> Entry:
    try:
        return _document(_DECODER.decode(line.decode("utf-8")), source, place)
    except BAD_VALUE as error:
        return Damage(source, place, _reason(error))


def _document(value: Any, source: str, place: str) -> Entry:
    if type(value) is dict:
        return value
    return Damage(source, place, "this is no document, which would be a JSON object")


def _reason(error: BaseException) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "invalid UTF-8"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg} (column {error.colno})"
    return f"broken extended JSON: {error!s}"


class _ArrayReader:
    """A window that slides over a JSON array and holds one element and a chunk at most."""

    def __init__(self, stream: Stream, source: str, start: bytes) -> None:
        self._stream = stream
        self._source = source
        self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = self._utf8.decode(start)
        self._at = 0
        self._number = 0

    def entries(self) -> Iterator[Entry]:
        while (mark := self._peek()) not in {"]", ""}:
            if mark == "," and self._number:
                self._at += 1
                mark = self._peek()
            self._number += 1
            if mark != "{":
                yield self._damage(f"expected a document, found {mark!r}: the rest is not read")
                return
            entry = self._element()
            if entry is None:
                yield self._damage("the file ends, or goes on too long, inside this document")
                return
            yield entry
        if not mark:
            yield self._damage("the file ends before its array does")

    def _element(self) -> Entry | None:
        """Decode the element at hand, reading on while it is incomplete; None when it never ends."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
                entry = _document(value, self._source, self._place)
            except BAD_VALUE as error:
                end = self._end_of_element()
                entry = self._damage(_reason(error))
            if end:
                if not self._text.isascii() and _UNDECODED.search(self._text, self._at, end):
                    entry = self._damage("invalid UTF-8")
                self._at = end
                return entry
            if len(self._text) - self._at > MAX_DOCUMENT_BYTES or not self._read_on():
                return None

    def _end_of_element(self) -> int:
        """Find where the element's brackets close; 0 when that is not at hand."""
        depth = 0
        for match in _STRUCTURE.finditer(self._text, self._at):
            mark = match[0]
            if mark == '"':
                return 0
            depth += (mark in {"{", "["}) - (mark in {"}", "]"})
            if not depth:
                return match.end()
        return 0

    def _peek(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or not self._read_on():
                return self._text[self._at : self._at + 1]

    def _read_on(self) -> bool:
        """Double what is at hand, so that a long element costs no more than twice its length."""
        data = self._stream.read(max(_CHUNK_BYTES, len(self._text) - self._at))
        self._text = self._text[self._at :] + self._utf8.decode(data, final=not data)
        self._at = 0
        return bool(data)

    @property
    def _place(self) -> str:
        return f"element {self._number}"

    def _damage(self, reason: str) -> Damage:
        return Damage(self._source, self._place, reason)
