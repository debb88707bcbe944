"""Turn a decoded BSON document into the JSON values that Strongback stores and sends."""

import base64
import math
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from bson import (
    Binary,
    Code,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)

from strongback.documents.dates import MAX_DATE_MS, format_date, parse_date

__all__ = ["MAX_DEPTH", "Json", "Note", "Path", "format_date", "from_bson", "parse_date"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Path: TypeAlias = tuple[str | int, ...]

MAX_DEPTH = 100
MAX_EXACT = 2**53
_TOO_DEEP = f"the document is nested deeper than {MAX_DEPTH} levels"
_YEAR_0_MS = -62_167_219_200_000
_YEAR_10000_MS = 253_402_300_800_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_REGEX_OPTIONS = (
    (re.IGNORECASE, "i"),
    (re.LOCALE, "l"),
    (re.MULTILINE, "m"),
    (re.DOTALL, "s"),
    (re.UNICODE, "u"),
    (re.VERBOSE, "x"),
)


class Note(NamedTuple):
    """One change that conversion made, for the import report."""

    path: str
    reason: str


def from_bson(document: Mapping[str, Any]) -> tuple[dict[str, Json], tuple[Path, ...], list[Note]]:
    """Convert a document; return its wire values, the paths of its dates, and what was changed.

    Raises ValueError when it is nested deeper than 100 levels or holds a value that is not BSON.
    """
    conversion = _Conversion()
    converted = conversion.members(document, ())
    return converted, tuple(conversion.dates), conversion.notes


class _Conversion:
    """The walk over one document; it collects dates and notes on the way."""

    __slots__ = ("dates", "notes")

    def __init__(self) -> None:
        self.dates: list[Path] = []
        self.notes: list[Note] = []

    def members(self, source: Mapping[str, Any], path: Path) -> dict[str, Json]:
        if len(path) >= MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        result: dict[str, Json] = {}
        for key, value in source.items():
            if not key.isascii():
                key = self.text(key, (*path, _readable(key)))
            kind = type(value)
            if kind is str and value.isascii():
                result[key] = value
            elif kind is dict:
                result[key] = self.members(value, (*path, key))
            elif kind is list:
                result[key] = self.items(value, (*path, key))
            elif value is None or kind is bool or (kind is int and -MAX_EXACT <= value <= MAX_EXACT):
                result[key] = value
            else:
                result[key] = self.value(value, (*path, key))
        return result

    def items(self, source: list[Any], path: Path) -> list[Json]:
        if len(path) >= MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        return [
            item if type(item) is str and item.isascii() else self.value(item, (*path, index))
            for index, item in enumerate(source)
        ]

    def value(self, value: Any, path: Path) -> Json:
        convert = _BY_TYPE.get(type(value)) or _by_base(value)
        if convert is None:
            raise ValueError(f"{_dotted(path)} holds a {type(value).__name__}, which can not be stored")
        return convert(self, value, path)

    def text(self, value: str, path: Path) -> str:
        readable = _readable(value)
        if readable is not value:
            self.note(path, "half a surrogate pair replaced by U+FFFD")
        return readable

    def integer(self, value: int, path: Path) -> int:
        if not -MAX_EXACT <= value <= MAX_EXACT:
            self.note(path, "an integer beyond 2^53: kept exactly, but JavaScript clients will round it")
        return int(value)

    def double(self, value: float, path: Path) -> Json:
        if not math.isfinite(value):
            self.note(path, f"{value} has no JSON form: stored as null")
            return None
        if value.is_integer() and -MAX_EXACT <= value <= MAX_EXACT:
            return int(value)
        return value

    def date(self, ms: int, path: Path) -> str | None:
        if not -MAX_DATE_MS <= ms <= MAX_DATE_MS:
            self.note(path, f"a date of {ms} ms is out of range: stored as null")
            return None
        if not _YEAR_0_MS <= ms < _YEAR_10000_MS:
            self.note(path, "a date outside the years 0 to 9999: stored with a six-digit year")
        self.dates.append(path)
        return format_date(ms)

    def binary(self, value: bytes, path: Path) -> str:
        subtype = value.subtype if isinstance(value, Binary) else 0
        self.note(path, f"binary data of subtype {subtype}: stored as base64 text")
        return base64.b64encode(value).decode("ascii")

    def code(self, value: Code, path: Path) -> str:
        scope = " without its scope" if value.scope else ""
        self.note(path, f"JavaScript code: stored as its source text{scope}")
        return self.text(str(value), path)

    def regex(self, value: "Regex[Any]", path: Path) -> dict[str, Json]:
        options = "".join(letter for flag, letter in _REGEX_OPTIONS if value.flags & flag)
        return self.tagged(
            path, "a regular expression", {"$regex": self.text(value.pattern, path), "$options": options}
        )

    def tagged(self, path: Path, what: str, stored: dict[str, Json]) -> dict[str, Json]:
        self.note(path, f"{what}: stored as an object with {' and '.join(stored)}")
        return stored

    def note(self, path: Path, reason: str) -> None:
        self.notes.append(Note(_dotted(path), reason))


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def _readable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", text)
    return text


def _datetime_ms(value: datetime) -> int:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _timestamp(walk: _Conversion, value: Timestamp, path: Path) -> Json:
    return walk.tagged(path, "a timestamp", {"$timestamp": {"t": value.time, "i": value.inc}})


_Convert: TypeAlias = Callable[[_Conversion, Any, Path], Json]

_BY_TYPE: dict[type, _Convert] = {
    str: _Conversion.text,
    type(None): lambda _walk, value, _path: value,
    bool: lambda _walk, value, _path: value,
    int: _Conversion.integer,
    Int64: _Conversion.integer,
    float: _Conversion.double,
    dict: _Conversion.members,
    list: _Conversion.items,
    ObjectId: lambda _walk, value, _path: str(value),
    DatetimeMS: lambda walk, value, path: walk.date(int(value), path),
    datetime: lambda walk, value, path: walk.date(_datetime_ms(value), path),
    Decimal128: lambda walk, value, path: walk.tagged(path, "a decimal", {"$numberDecimal": str(value)}),
    bytes: _Conversion.binary,
    Binary: _Conversion.binary,
    uuid.UUID: lambda walk, value, path: walk.binary(Binary(value.bytes, 4), path),
    Timestamp: _timestamp,
    Regex: _Conversion.regex,
    Code: _Conversion.code,
    MinKey: lambda walk, _value, path: walk.tagged(path, "the smallest key", {"$minKey": 1}),
    MaxKey: lambda walk, _value, path: walk.tagged(path, "the largest key", {"$maxKey": 1}),
    DBRef: lambda walk, value, path: walk.members(value.as_doc(), path),
}


def _by_base(value: Any) -> _Convert | None:
    """Find the rule for an instance of a subclass, such as bson.SON."""
    return next((_BY_TYPE[base] for base in type(value).__mro__ if base in _BY_TYPE), None)
