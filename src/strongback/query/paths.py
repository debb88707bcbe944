"""Dotted paths: which values of a document a condition on a path looks at.

A condition holds for a document if any of those values satisfies it. A path is compiled once into a chain of
functions, one per component, so that matching a document does no parsing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import QueryError
from .limits import Limits
from .values import MISSING

Predicate = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on one value.

    `plain` judges a value as it is. `deep` judges the value at the end of a path: for most operators an array is
    then asked element by element (one level) and as a whole. `MISSING` may be passed to either.
    """

    plain: Predicate
    deep: Predicate


def traversing(plain: Predicate) -> Test:
    """Make a test that looks into an array at the end of a path."""

    def deep(value: Any) -> bool:
        if type(value) is list:
            for element in value:
                if plain(element):
                    return True
        return plain(value)

    return Test(plain, deep)


def whole(plain: Predicate) -> Test:
    """Make a test that takes an array at the end of a path as one value."""
    return Test(plain, plain)


def split(path: str, limits: Limits, where: str) -> list[str]:
    """Split a filter's path; QueryError `bad-value` if it has more components or indexes than `limits` allows."""
    if path.count(".") >= limits.path_components:
        raise QueryError("bad-value", where[:80], f"a path may have {limits.path_components} components")
    components = path.split(".")
    # An index may also be a key, so each of them can double the work on nested data.
    if sum(index_of(component) >= 0 for component in components) > limits.path_indexes:
        raise QueryError("bad-value", where[:80], f"a path may have {limits.path_indexes} numeric components")
    return components


def index_of(component: str) -> int:
    """Return the array index that a component spells in plain decimal, or -1: `00` and `-1` are only names."""
    if component.isascii() and component.isdigit() and len(component) <= 9:
        return int(component) if component == "0" or component[0] != "0" else -1
    return -1


def bind(components: list[str], test: Test) -> Predicate:
    """Compile the search for a value that satisfies `test` below a document."""
    last = components[-1]
    deep = test.deep
    search: Predicate = lambda document: deep(document.get(last, MISSING))  # noqa: E731
    at_index = test.plain  # what the last numeric component named is not looked into again
    for position in range(len(components) - 2, -1, -1):
        through = _through_array(index_of(components[position + 1]), search, at_index)
        at_index = _in_element(search, through)
        search = _in_member(components[position], search, through, test.plain)
    return search


def _in_member(name: str, below: Predicate, through: Predicate, plain: Predicate) -> Predicate:
    """Compile the search in an object's member from which the path goes on."""

    def search(document: dict[str, Any]) -> bool:
        value = document.get(name, MISSING)
        kind = type(value)
        if kind is dict:
            return below(value)
        if kind is list:
            return through(value)
        return plain(MISSING)

    return search


def _in_element(below: Predicate, through: Predicate) -> Predicate:
    """Compile the search in an array element that a numeric component named and from which the path goes on."""

    def search(element: Any) -> bool:
        if type(element) is dict:
            return below(element)
        return type(element) is list and through(element)

    return search


def _through_array(index: int, below: Predicate, at_index: Predicate) -> Predicate:
    """Compile the search in an array: every element that is an object, and the one that an index names."""

    def elements(array: list[Any]) -> bool:
        for element in array:  # noqa: SIM110 - a generator costs more than the test
            if type(element) is dict and below(element):
                return True
        return False

    if index < 0:
        return elements
    return lambda array: elements(array) or (index < len(array) and at_index(array[index]))
