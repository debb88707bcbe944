"""How conditions combine."""

from __future__ import annotations

from typing import Any

import pytest

from strongback.query import compile_filter
from strongback.query.match import all_of, any_of, as_document


@pytest.mark.parametrize("count", range(5))
def test_all_and_any(count: int) -> None:
    for truths in range(2**count):
        values = [bool(truths >> bit & 1) for bit in range(count)]
        parts = [lambda document, value=value: value for value in values]
        assert all_of([*parts])({}) is all(values)
        assert any_of([*parts])({}) is any(values)


def test_an_array_is_a_document_with_its_indexes() -> None:
    seen: list[Any] = []

    def matches(document: Any) -> bool:
        seen.append(document)
        return True

    judge = as_document(matches)
    assert judge([7, 8])
    assert judge({"a": 1})
    assert not judge(5)
    assert seen == [{"0": 7, "1": 8}, {"a": 1}]


@pytest.mark.parametrize(
    ("raw", "document", "expected"),
    [
        ({"a": {"$gt": 4, "$lt": 2}}, {"a": [1, 9]}, True),
        ({"a": {"$not": {"$gt": 4, "$lt": 2}}}, {"a": [1, 9]}, False),
        ({"a.b": {"$ne": 1}}, {"a": [{"b": 1}, {"b": 2}]}, False),
        ({"a": {"$elemMatch": {"b": {"$ne": 1}}}}, {"a": [{"b": 1}, {"b": 2}]}, True),
        ({"$nor": [{"a": 1}, {"b": 1}]}, {"c": 1}, True),
        ({"$nor": [{"a": 1}, {"b": 1}]}, {"b": 1}, False),
        ({"$and": [{}], "$comment": 1}, {}, True),
    ],
)
def test_combinations(raw: Any, document: dict[str, Any], expected: bool) -> None:
    assert compile_filter(raw).matches(document) is expected
