"""MongoDB Extended JSON: version 2, canonical and relaxed, and the older strict form of mongoexport."""

import base64
import re
import uuid
from collections.abc import Callable
from typing import Any, TypeAlias

from bson import Binary, Code, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from strongback.documents.dates import parse_date

_DATE = re.compile(
    r"([+-][0-9]{6}|[0-9]{4})(-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(:[0-9]{2})?"
    r"(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))"
)


def revive(members: dict[str, Any]) -> Any:
    """Turn a type wrapper such as `{"$oid": ...}` into its BSON value; leave other objects alone.

    Made to be the `object_hook` of `json`. Raises ValueError, TypeError, KeyError or ArithmeticError for a
    wrapper with nonsense inside. DBRef stays the object it is.
    """
    if not members or len(members) > 2 or not next(iter(members)).startswith("$"):
        return members
    wrapper = _WRAPPERS.get(frozenset(members))
    return members if wrapper is None else wrapper(members)


def _date(members: dict[str, Any]) -> DatetimeMS:
    value = members["$date"]
    if isinstance(value, str):
        return DatetimeMS(_date_ms(value))
    return DatetimeMS(_integer(value, "$date"))


def _date_ms(text: str) -> int:
    exact = parse_date(text)
    if exact is not None:
        return exact
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a date")
    year, middle, seconds, fraction, sign, hours, minutes = match.groups()
    wire = parse_date(f"{year}{middle}{seconds or ':00'}.{(fraction or '0')[:3]:0<3}Z")
    if wire is None:
        raise ValueError(f"{text[:40]!r} is not a date")
    offset = (int(hours) * 60 + int(minutes)) * 60_000 if sign else 0
    return wire + offset if sign == "-" else wire - offset


def _integer(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return int(value)
    raise TypeError(f"{name} holds a {type(value).__name__}")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} holds a {type(value).__name__}")
    return value


def _double(members: dict[str, Any]) -> float:
    return float(members["$numberDouble"])


def _binary(members: dict[str, Any]) -> Binary:
    value, subtype = members["$binary"], members.get("$type", "0")
    if isinstance(value, dict):
        value, subtype = value["base64"], value["subType"]
    number = subtype if isinstance(subtype, int) else int(subtype, 16)
    return Binary(base64.b64decode(_text(value, "$binary"), validate=True), number)


def _timestamp(members: dict[str, Any]) -> Timestamp:
    value = members["$timestamp"]
    return Timestamp(_integer(value["t"], "$timestamp"), _integer(value["i"], "$timestamp"))


def _old_regex(members: dict[str, Any]) -> "Regex[str]":
    return Regex(_text(members["$regex"], "$regex"), _text(members["$options"], "$options"))


def _regex(members: dict[str, Any]) -> "Regex[str]":
    value = members["$regularExpression"]
    return Regex(_text(value["pattern"], "pattern"), _text(value["options"], "options"))


def _uuid(members: dict[str, Any]) -> Binary:
    return Binary(uuid.UUID(_text(members["$uuid"], "$uuid")).bytes, 4)


_Wrapper: TypeAlias = Callable[[dict[str, Any]], Any]

_WRAPPERS: dict[frozenset[str], _Wrapper] = {
    frozenset({"$oid"}): lambda members: ObjectId(_text(members["$oid"], "$oid")),
    frozenset({"$date"}): _date,
    frozenset({"$numberInt"}): lambda members: _integer(members["$numberInt"], "$numberInt"),
    frozenset({"$numberLong"}): lambda members: Int64(_integer(members["$numberLong"], "$numberLong")),
    frozenset({"$numberDouble"}): _double,
    frozenset({"$numberDecimal"}): lambda members: Decimal128(
        _text(members["$numberDecimal"], "$numberDecimal")
    ),
    frozenset({"$binary"}): _binary,
    frozenset({"$binary", "$type"}): _binary,
    frozenset({"$uuid"}): _uuid,
    frozenset({"$timestamp"}): _timestamp,
    frozenset({"$regex", "$options"}): _old_regex,
    frozenset({"$regularExpression"}): _regex,
    frozenset({"$symbol"}): lambda members: _text(members["$symbol"], "$symbol"),
    frozenset({"$code"}): lambda members: Code(_text(members["$code"], "$code")),
    frozenset({"$code", "$scope"}): lambda members: Code(_text(members["$code"], "$code"), members["$scope"]),
    frozenset({"$undefined"}): lambda _members: None,
    frozenset({"$minKey"}): lambda _members: MinKey(),
    frozenset({"$maxKey"}): lambda _members: MaxKey(),
}
