"""Internal values, and extended JSON in and out.

A decoded document holds None, bool, int, float, str, list, dict and the types below. `type(value) is X` is exact on
purpose everywhere in this package: bool is a subclass of int, and must never pass for a number.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from .errors import QueryError, join
from .limits import DEFAULT_LIMITS

MAX_DATE_MS: Final = 8_640_000_000_000_000  # the range of a JavaScript Date, in which these values are made
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_LONG: Final = re.compile(r"[+-]?[0-9]{1,19}")


class Missing:
    """The type of `MISSING`, which stands for a field that a document does not have."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Date:
    """An instant, in milliseconds since 1970-01-01T00:00:00Z."""

    ms: int


@dataclass(frozen=True, slots=True)
class ObjectId:
    """A MongoDB ObjectId, as 24 lower-case hexadecimal digits."""

    hex: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Bytes with MongoDB's subtype."""

    data: bytes
    subtype: int = 0


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression value; `options` keeps the caller's letters, sorted."""

    pattern: str
    options: str = ""


def parse_iso(text: str, path: str = "") -> Date:
    """Read an ISO 8601 date or date-time; without an offset it is UTC. QueryError `bad-value` for anything else."""
    found = _ISO.fullmatch(text)
    if found is None:
        raise QueryError("bad-value", path, "a date must be ISO 8601 or epoch milliseconds")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        zone: timezone = UTC
        if offset and offset != "Z":
            shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
            zone = timezone(-shift if offset[0] == "-" else shift)
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone
        )
    except ValueError as error:
        raise QueryError("bad-value", path, f"not a date: {error}") from None
    ms = int((fraction or "0").ljust(3, "0")[:3])
    return Date((moment - _EPOCH) // timedelta(milliseconds=1) + ms)


def format_iso(date: Date) -> str | None:
    """Write a date as `YYYY-MM-DDTHH:MM:SS.mmmZ`, or return None outside the years 1 to 9999."""
    try:
        moment = _EPOCH + timedelta(milliseconds=date.ms)
    except OverflowError:
        return None
    return f"{moment:%Y}".rjust(4, "0") + f"-{moment:%m-%dT%H:%M:%S}.{date.ms % 1000:03d}Z"


def _date(raw: Any, path: str) -> Date:
    if type(raw) is dict and len(raw) == 1 and "$numberLong" in raw:
        raw = _long(raw["$numberLong"], path)
    if type(raw) is str:
        return parse_iso(raw, path)
    if type(raw) is float and math.isfinite(raw):
        raw = int(raw)  # as new Date() does
    if type(raw) is int and abs(raw) <= MAX_DATE_MS:
        return Date(raw)
    raise QueryError("bad-value", path, "$date takes an ISO 8601 string or epoch milliseconds")


def _object_id(raw: Any, path: str) -> ObjectId:
    if type(raw) is str and re.fullmatch(r"[0-9a-fA-F]{24}", raw):
        return ObjectId(raw.lower())
    raise QueryError("bad-value", path, "$oid takes 24 hexadecimal digits")


def _long(raw: Any, path: str) -> int:
    if type(raw) is str and _LONG.fullmatch(raw) and -(2**63) <= int(raw) < 2**63:
        return int(raw)
    raise QueryError("bad-value", path, "$numberLong takes a 64 bit integer as a string")


def _int(raw: Any, path: str) -> int:
    if type(raw) is str and _LONG.fullmatch(raw) and -(2**31) <= int(raw) < 2**31:
        return int(raw)
    raise QueryError("bad-value", path, "$numberInt takes a 32 bit integer as a string")


def _double(raw: Any, path: str) -> float:
    special = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    if type(raw) is str and raw in special:
        return special[raw]
    if type(raw) is str and len(raw) <= 400 and re.fullmatch(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?", raw):
        try:
            return float(raw)
        except ValueError:
            pass
    raise QueryError("bad-value", path, "$numberDouble takes a number as a string")


def _inf_nan(raw: Any, path: str) -> float:
    if type(raw) in (int, float) and raw in (-1, 0, 1):
        return math.nan if raw == 0 else math.copysign(math.inf, raw)
    raise QueryError("bad-value", path, "$InfNaN takes -1, 0 or 1")


def _binary(raw: Any, path: str) -> Binary:
    subtype = 0
    if type(raw) is dict and set(raw) == {"base64", "subType"}:
        kind = raw["subType"]
        if type(kind) is not str or not re.fullmatch(r"[0-9a-fA-F]{1,2}", kind):
            raise QueryError("bad-value", path, "$binary.subType takes one or two hexadecimal digits")
        raw, subtype = raw["base64"], int(kind, 16)
    if type(raw) is str:
        try:
            return Binary(base64.b64decode(raw, validate=True), subtype)
        except (binascii.Error, ValueError):
            pass
    raise QueryError("bad-value", path, "$binary takes base64 text")


def _regex(pattern: Any, options: Any, path: str) -> Regex:
    if type(pattern) is not str or type(options) is not str:
        raise QueryError("bad-value", path, "a regular expression takes a pattern and options, both strings")
    return Regex(pattern, "".join(sorted(set(options))))


def _regular_expression(raw: Any, path: str) -> Regex:
    if type(raw) is not dict or not {"pattern"} <= set(raw) <= {"pattern", "options"}:
        raise QueryError("bad-value", path, "$regularExpression takes a pattern and options")
    return _regex(raw["pattern"], raw.get("options", ""), path)


_ONE_KEY: Final[dict[str, Callable[[Any, str], Any]]] = {
    "$date": _date,
    "$oid": _object_id,
    "$numberInt": _int,
    "$numberLong": _long,
    "$numberDouble": _double,
    "$InfNaN": _inf_nan,
    "$binary": _binary,
    "$regularExpression": _regular_expression,
    "$regexp": lambda raw, path: _regex(raw, "", path),
}


def is_extended(raw: Any) -> bool:
    """Tell whether a JSON value is one of the extended forms, which must be seen before operators are looked for."""
    if type(raw) is not dict:
        return False
    if len(raw) == 1:
        key = next(iter(raw))
        return key in _ONE_KEY or (key == "$escape" and type(raw[key]) is dict)
    return len(raw) == 2 and "$regexp" in raw and "$flags" in raw


Originals = dict[int, tuple[Any, Any]]
"""Decoded special value (by identity, with the value kept alive) to the JSON it came from."""


def decode(raw: Any, path: str = "", depth: int = 0, originals: Originals | None = None) -> Any:
    """Turn a JSON value with extended JSON in it into internal values.

    Raises QueryError `bad-value` for a malformed extended form and for nesting beyond `Limits.document_depth`.
    """
    kind = type(raw)
    if kind is not dict and kind is not list:
        return raw
    if depth > DEFAULT_LIMITS.document_depth:
        raise QueryError("bad-value", path[:80], f"nested deeper than {DEFAULT_LIMITS.document_depth} levels")
    if kind is list:
        return [decode(item, join(path, index), depth + 1, originals) for index, item in enumerate(raw)]
    if not is_extended(raw):
        return {key: decode(item, join(path, key), depth + 1, originals) for key, item in raw.items()}
    if "$escape" in raw:
        inner = raw["$escape"]
        return {key: decode(item, join(path, key), depth + 2, originals) for key, item in inner.items()}
    if len(raw) == 2:
        value: Any = _regex(raw["$regexp"], raw["$flags"], path)
    else:
        key = next(iter(raw))
        value = _ONE_KEY[key](raw[key], path)
    if originals is not None and type(value) is not int:
        originals[id(value)] = (value, raw)
    return value


def encode(value: Any, originals: Originals | None = None, depth: int = 0) -> Any:
    """Turn internal values back into JSON; a value found in `originals` returns in the form in which it came."""
    if originals and id(value) in originals:
        return originals[id(value)][1]
    kind = type(value)
    if (kind is dict or kind is list) and depth > 2 * DEFAULT_LIMITS.document_depth:
        raise QueryError("bad-value", "", f"nested deeper than {2 * DEFAULT_LIMITS.document_depth} levels")
    if kind is dict:
        plain = {key: encode(item, originals, depth + 1) for key, item in value.items()}
        return {"$escape": plain} if is_extended(value) else plain
    if kind is list:
        return [encode(item, originals, depth + 1) for item in value]
    if kind is Date:
        iso = format_iso(value)
        return {"$date": value.ms if iso is None else iso}
    if kind is ObjectId:
        return {"$oid": value.hex}
    if kind is Binary:
        text = base64.b64encode(value.data).decode("ascii")
        return {"$binary": {"base64": text, "subType": f"{value.subtype:02x}"}}
    if kind is Regex:
        return {"$regularExpression": {"pattern": value.pattern, "options": value.options}}
    if kind is float and not math.isfinite(value):
        name = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124
        return {"$numberDouble": name}
    return value
