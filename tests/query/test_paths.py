"""Which values a path reaches."""

from __future__ import annotations

from typing import Any

import pytest

from strongback.query.paths import Test as Condition
from strongback.query.paths import bind, index_of
from strongback.query.values import MISSING


def reached(document: dict[str, Any], path: str) -> list[Any]:
    seen: list[Any] = []

    def note(value: Any) -> bool:
        seen.append("MISSING" if value is MISSING else value)
        return False

    def note_deep(value: Any) -> bool:
        for element in value if type(value) is list else ():
            note(element)
        return note(value)

    assert bind(path.split("."), Condition(note, note_deep))(document) is False
    return seen


@pytest.mark.parametrize(
    ("document", "path", "values"),
    [
        ({"a": {"b": 1}}, "a.b", [1]),
        ({}, "a", ["MISSING"]),
        ({}, "a.b", ["MISSING"]),
        ({"a": 5}, "a.b", ["MISSING"]),
        ({"a": None}, "a.b", ["MISSING"]),
        ({"a": [1, 2]}, "a", [1, 2, [1, 2]]),
        ({"a": [1, 2]}, "a.b", []),
        ({"a": []}, "a.b", []),
        ({"a": [[{"b": 1}]]}, "a.b", []),
        ({"a": [[{"b": 1}]]}, "a.0.b", [1]),
        ({"a": [{"b": 1}, {}]}, "a.b", [1, "MISSING"]),
        ({"a": [[1]]}, "a.0", [[1]]),
        ({"a": {"0": 5}}, "a.0", [5]),
        ({"a": [{"b": 1}]}, "a.0", ["MISSING", {"b": 1}]),
        ({"a": [{"b": 1}]}, "a.0.b", ["MISSING", 1]),
        ({"a": [5]}, "a.00", []),
        ({"a": [5]}, "a.-1", []),
        ({"a": [[1, 2], [3]]}, "a.0.1", [2]),
        ({"a.b": 1}, "a.b", ["MISSING"]),
        ({"a": "abc"}, "a.length", ["MISSING"]),
    ],
)
def test_reached(document: dict[str, Any], path: str, values: list[Any]) -> None:
    assert reached(document, path) == values


@pytest.mark.parametrize(
    ("component", "index"),
    [("0", 0), ("12", 12), ("00", -1), ("-1", -1), ("x", -1), ("²", -1), ("", -1), ("٣", -1)],
)
def test_index_of(component: str, index: int) -> None:
    assert index_of(component) == index
