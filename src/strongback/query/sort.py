"""Sort keys: one comparable value per document, equal to the order in which MongoDB would return them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import total_ordering
from typing import Any, Final

from .compare import ARRAY, OBJECT, compare, rank, scalar_key
from .errors import QueryError
from .limits import DEFAULT_LIMITS, Limits
from .paths import index_of, split
from .values import MISSING

SortKey = tuple[Any, ...]
_UNDEFINED: Final = (0,)  # the key of an empty array, below that of null


@dataclass(frozen=True, slots=True)
class Sort:
    """A compiled sort.

    `key(document)` returns what sorted() compares; equal keys leave the order of the input alone. It raises
    QueryError `bad-sort` for a document in which two keys lead through different arrays. `paths` holds the sorted
    paths; a sort without paths orders nothing.
    """

    key: Callable[[dict[str, Any]], SortKey]
    paths: frozenset[str]


def compile_sort(raw: object, limits: Limits = DEFAULT_LIMITS) -> Sort:
    """Compile `{path: 1 or -1, ...}`, whose order counts; None and `{}` do not sort. QueryError `bad-sort`."""
    if raw is None:
        return Sort(lambda document: (), frozenset())
    if type(raw) is not dict:
        raise QueryError("bad-sort", "", "a sort must be an object")
    if len(raw) > limits.sort_keys:
        raise QueryError("bad-sort", "", f"a sort may have {limits.sort_keys} keys")
    plans: list[tuple[list[str], bool]] = []
    for path, direction in raw.items():
        components = sort_path(path, limits)
        if type(direction) not in (int, float) or direction not in (1, -1):
            raise QueryError("bad-sort", path, "a direction must be 1 or -1")
        plans.append((components, direction == -1))
    return Sort(_key_function(plans), frozenset(raw))


def sort_path(path: str, limits: Limits) -> list[str]:
    """Split a sort's path; QueryError `bad-sort` for an empty component or one that starts with `$`."""
    try:
        components = split(path, limits, path)
    except QueryError as error:
        raise QueryError("bad-sort", error.path, error.reason) from None
    for component in components:
        if not component or component.startswith("$"):
            raise QueryError("bad-sort", path, "a path may not have empty components or ones starting with $")
    return components


@total_ordering
class _Container:
    """An object or array as a part of a sort key."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Container) and compare(self.value, other.value) == 0

    def __lt__(self, other: _Container) -> bool:
        return compare(self.value, other.value) < 0


class _Descending:
    """A part of a sort key that compares the other way round."""

    __slots__ = ("part",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, part: Any) -> None:
        self.part = part

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and bool(self.part == other.part)

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.part < self.part)


def _part(value: Any) -> tuple[Any, ...]:
    place = rank(value)
    return (place, _Container(value)) if place in (OBJECT, ARRAY) else scalar_key(value)


def _key_function(plans: list[tuple[list[str], bool]]) -> Callable[[dict[str, Any]], SortKey]:
    descending = [down for _, down in plans]
    names = [components[0] for components, _ in plans]
    simple = all(len(components) == 1 for components, _ in plans)
    paths = [tuple(components) for components, _ in plans]

    def finish(parts: list[tuple[Any, ...]]) -> SortKey:
        return tuple(
            _Descending(part) if down else part for part, down in zip(parts, descending, strict=True)
        )

    def key(document: dict[str, Any]) -> SortKey:
        if simple:
            values = [document.get(name) for name in names]
            if list not in map(type, values):
                return finish([_part(value) for value in values])
        states: list[_State] = [(document, path) for path in paths]
        return min(finish(parts) for parts in _combinations(states))

    return key


_State = tuple[Any, tuple[str, ...]] | tuple[tuple[Any, ...]]
"""A value with the components still to walk, or a finished part alone."""


def _combinations(states: list[_State]) -> list[list[tuple[Any, ...]]]:
    """List the keys that a document has: one per element of the array, if any, through which its paths lead."""
    walked = [_walk(state) for state in states]
    arrays = [state[0] for state in walked if len(state) == 2]
    if not arrays:
        return [[state[0] for state in walked]]
    array = arrays[0]
    if any(other is not array for other in arrays):
        raise QueryError("bad-sort", "", "cannot sort by two arrays of one document")
    keys = []
    for element in array or [MISSING]:
        below: list[_State] = [_descend(state, element) for state in walked]
        keys += _combinations(below)
    return keys


def _descend(state: _State, element: Any) -> _State:
    """Go from the array at which a state waits to one of its elements (MISSING stands for an empty array)."""
    if len(state) == 1:
        return state
    rest = state[1]
    if element is MISSING and not rest:
        return (_UNDEFINED,)
    if not rest:
        return (_part(element),)
    return (element, rest) if type(element) is dict else (_part(None),)


def _walk(state: _State) -> _State:
    """Follow a path until it ends or comes to an array that has to be taken apart."""
    if len(state) == 1:
        return state
    value, rest = state
    while rest:
        if type(value) is dict:
            value, rest = value.get(rest[0], MISSING), rest[1:]
        elif type(value) is list:
            index = index_of(rest[0])
            if not 0 <= index < len(value):
                return (value, rest)
            value, rest = value[index], rest[1:]
            if not rest:  # an element named by its index is taken whole
                return (_part(value),)
        else:
            return (_part(None),)
    return (value, rest) if type(value) is list else (_part(value),)
