"""How conditions combine: on a path of a document, on an array's element, and with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .paths import Predicate, Test, bind, whole


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT of conditions; on a path it negates the verdict on the document, not on each value."""

    of: Condition


@dataclass(frozen=True, slots=True)
class Conjunction:
    """AND of conditions; on a path each may be met by another value."""

    parts: tuple[Condition, ...]


Condition = Test | Negation | Conjunction


def on_path(condition: Condition, components: list[str]) -> Predicate:
    """Compile a condition to a question about the values that a path reaches in a document."""
    if isinstance(condition, Test):
        return bind(components, condition)
    if isinstance(condition, Negation):
        return negated(on_path(condition.of, components))
    return all_of([on_path(part, components) for part in condition.parts])


def on_value(condition: Condition) -> Predicate:
    """Compile a condition to a question about one value, which is not looked into if it is an array."""
    if isinstance(condition, Test):
        return condition.plain
    if isinstance(condition, Negation):
        return negated(on_value(condition.of))
    return all_of([on_value(part) for part in condition.parts])


def some_element(matches: Predicate) -> Test:
    """`$elemMatch` over values: one element meets everything."""

    def plain(value: Any) -> bool:
        if type(value) is list:
            for element in value:
                if matches(element):
                    return True
        return False

    return whole(plain)


def as_document(matches: Predicate) -> Predicate:
    """Let a filter judge an array's element: an object, or an array taken as an object with keys 0, 1, ..."""

    def judge(element: Any) -> bool:
        kind = type(element)
        if kind is dict:
            return matches(element)
        if kind is list:
            return matches({str(index): item for index, item in enumerate(element)})
        return False

    return judge


def all_of(parts: list[Predicate]) -> Predicate:
    """AND; of nothing it is true."""
    if not parts:
        return lambda document: True
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda document: first(document) and second(document)

    def judge(document: Any) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs more than the test
            if not part(document):
                return False
        return True

    return judge


def any_of(parts: list[Predicate]) -> Predicate:
    """OR; of nothing it is false."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda document: first(document) or second(document)

    def judge(document: Any) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs more than the test
            if part(document):
                return True
        return False

    return judge


def negated(part: Predicate) -> Predicate:
    """NOT."""
    return lambda document: not part(document)
