"""Reading one parameter of a call: scalars, paging, and the JSON texts sort, fields and query (spec/02)."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from strongback.errors import Failure
from strongback.http.body import Json, json_value

MAX_OFFSET = 2**53

_LEADING_INTEGER = re.compile(r"\s*([+-]?)([0-9]+)", re.ASCII)
_DETAILS = {"helperMethod": "parseJsonQuery"}


class Paging(NamedTuple):
    """The three settings of paging, with their defaults (spec/02 §1)."""

    upper: int = 100
    default: int = 50
    infinite: bool = True


DEFAULT_PAGING = Paging()


class Page(NamedTuple):
    """What part of a list is asked for; ``limit`` None means all of it."""

    offset: int
    limit: int | None


def invalid(name: str, rule: str) -> Failure:
    """Return the 400 that names a parameter and the rule it broke."""
    return Failure(f'The parameter "{name}" {rule}', "error-invalid-params")


def string(source: Mapping[str, object], name: str) -> str | None:
    """Return a text parameter, None if absent or null; an object, list or number is a 400 (spec/02 §5.3)."""
    value = source.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(name, "must be a string")
    if "\0" in value:
        raise invalid(name, "must not contain the character NUL")
    return value


def strings(source: Mapping[str, object], name: str) -> list[str]:
    """Return a list of texts, empty if absent or null."""
    value = source.get(name)
    given = value if isinstance(value, list) else [None] * (value is not None)
    texts = [one for one in given if isinstance(one, str) and "\0" not in one]
    if len(texts) < len(given):
        raise invalid(name, "must be a list of strings")
    return texts


def required(source: Mapping[str, object], name: str) -> str:
    """Return a text parameter that must be there and not be empty."""
    value = string(source, name)
    if not value:
        raise invalid(name, "is required")
    return value


def boolean(source: Mapping[str, object], name: str) -> bool | None:
    """Return a boolean, in a query string the text ``true`` or ``false``; None if absent."""
    value = source.get(name)
    if value is None or isinstance(value, bool):
        return value
    if value == "true":
        return True
    if value == "false":
        return False
    raise invalid(name, "must be true or false")


def leading_integer(text: str) -> int | None:
    """Return the base-10 integer that ``text`` starts with, held within ±2^53, or None."""
    match = _LEADING_INTEGER.match(text)
    if match is None:
        return None
    digits = match[2].lstrip("0")
    size = MAX_OFFSET if len(digits) > 16 else min(int(digits or "0"), MAX_OFFSET)
    return -size if match[1] == "-" else size


def page(source: Mapping[str, object], paging: Paging = DEFAULT_PAGING) -> Page:
    """Return offset and limit by the rules of spec/02 §1; never more than the settings allow."""
    upper = 100 if paging.upper < 0 else paging.upper
    default = 50 if paging.default < 0 else paging.default
    offset = leading_integer(_number_text(source, "offset") or "") or 0
    if offset < 0:
        raise invalid("offset", "must not be negative")
    text = _number_text(source, "count")
    count: int | None = default if text is None else leading_integer(text) if text else 0
    count = default if count is None else min(abs(count), upper)
    if count == 0 and not paging.infinite:
        count = min(default, upper) or default or upper or 50
    return Page(offset, count or None)


def _number_text(source: Mapping[str, object], name: str) -> str | None:
    value = source.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{max(-MAX_OFFSET, min(value, MAX_OFFSET))}"
    return string(source, name)


def sort(source: Mapping[str, object], max_bytes: int = 8192) -> dict[str, int] | None:
    """Return the sort keys by priority, each 1 or -1; ``{}`` switches the default off (spec/02 §2)."""
    return _choices(source, "sort", frozenset({1, -1}), max_bytes)


def fields(source: Mapping[str, object], max_bytes: int = 8192) -> dict[str, int] | None:
    """Return the projection, each value 0 or 1 (spec/02 §3)."""
    return _choices(source, "fields", frozenset({0, 1}), max_bytes)


def query(source: Mapping[str, object], max_bytes: int = 8192) -> dict[str, Json] | None:
    """Return the caller's filter as an undigested JSON object (spec/02 §4); any other JSON is refused."""
    text = _json_text(source, "query", max_bytes)
    if not text:
        return None
    value = _parsed("query", text)
    if not isinstance(value, dict):
        raise _refused("query", text)
    return value


def _choices(
    source: Mapping[str, object], name: Literal["sort", "fields"], allowed: frozenset[int], max_bytes: int
) -> dict[str, int] | None:
    text = _json_text(source, name, max_bytes)
    if not text:
        return None
    value = _parsed(name, text)
    if value == [] or (isinstance(value, int | float) and not isinstance(value, bool)):
        return {}
    if not isinstance(value, dict):
        raise _refused(name, text)
    chosen: dict[str, int] = {}
    for key, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or number not in allowed:
            raise _refused(name, text)
        chosen[key] = int(number)
    return chosen


def _json_text(source: Mapping[str, object], name: str, max_bytes: int) -> str | None:
    text = string(source, name)
    if text is not None and (len(text) > max_bytes or len(text.encode()) > max_bytes):
        raise invalid(name, f"is longer than {max_bytes} bytes")
    return text


def _parsed(name: str, text: str) -> Json:
    try:
        return json_value(text.encode(), name)
    except Failure:
        raise _refused(name, text) from None


def _refused(name: str, text: str) -> Failure:
    return Failure(
        f'Invalid {name} parameter provided: "{text}"', f"error-invalid-{name}", details=dict(_DETAILS)
    )
