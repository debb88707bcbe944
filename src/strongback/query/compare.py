"""The canonical order of all values, and equality that follows from it.

Order of types: undefined, null and missing, numbers, strings, objects, arrays, binary, ObjectId, bool, date, regex.
Nothing here recurses, so a document of any depth can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .values import Binary, Date, Missing, ObjectId, Regex

NULL, NUMBER, STRING, OBJECT, ARRAY, BINARY, OBJECT_ID, BOOL, DATE, REGEX = range(1, 11)

_RANK: Final[dict[type, int]] = {
    type(None): NULL,
    Missing: NULL,
    int: NUMBER,
    float: NUMBER,
    str: STRING,
    dict: OBJECT,
    list: ARRAY,
    Binary: BINARY,
    ObjectId: OBJECT_ID,
    bool: BOOL,
    Date: DATE,
    Regex: REGEX,
}


def rank(value: Any) -> int:
    """Return the place of a value's type in the canonical order."""
    return _RANK[type(value)]


def scalar_key(value: Any) -> tuple[Any, ...]:
    """Return a tuple by which any two values that are no objects or arrays compare."""
    place = _RANK[type(value)]
    if place == NULL:
        return (NULL,)
    if place == NUMBER:
        # NaN equals itself and lies below all numbers; a tuple without it keeps the comparison total.
        return (NUMBER, 0) if value != value else (NUMBER, 1, value)  # noqa: PLR0124
    if place == DATE:
        return (DATE, value.ms)
    if place == OBJECT_ID:
        return (OBJECT_ID, value.hex)
    if place == BINARY:
        return (BINARY, len(value.data), value.subtype, value.data)
    if place == REGEX:
        return (REGEX, value.pattern, value.options)
    return (place, value)


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def compare(left: Any, right: Any) -> int:
    """Return -1, 0 or 1 as `left` is before, equal to or after `right` in the canonical order."""
    verdict, frame = _step(left, right)
    if frame is None:
        return verdict
    stack = [frame]
    while stack:
        pairs, lengths = stack[-1]
        for a, b in pairs:
            verdict, frame = _step(a, b)
            if verdict:
                return verdict
            if frame is not None:
                stack.append(frame)
                break
        else:
            # Everything in common is equal: the longer container is the larger one.
            if lengths:
                return lengths
            stack.pop()
    return 0


_Frame = tuple[Iterator[tuple[Any, Any]], int]


def _step(a: Any, b: Any) -> tuple[int, _Frame | None]:
    """Compare two scalars, or return the frame in which two containers' members are compared."""
    place, other = _RANK[type(a)], _RANK[type(b)]
    if place != other:
        return (-1 if place < other else 1), None
    if place == ARRAY:
        return 0, (iter(zip(a, b, strict=False)), _sign(len(a), len(b)))
    if place == OBJECT:
        return 0, (_members(a, b), _sign(len(a), len(b)))
    if place == STRING:
        return _sign(a, b), None
    return _sign(scalar_key(a), scalar_key(b)), None


def _members(a: dict[str, Any], b: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield what decides between two objects, in order: for each field its type, its name, its value."""
    for (name, value), (other_name, other) in zip(a.items(), b.items(), strict=False):
        yield _RANK[type(value)], _RANK[type(other)]
        yield name, other_name
        yield value, other


def equal(left: Any, right: Any) -> bool:
    """Tell whether two values are the same; the order of an object's fields counts."""
    return compare(left, right) == 0
