"""The canonical order."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from strongback.query import Binary, Date, ObjectId, Regex
from strongback.query.compare import compare, equal

ASCENDING: list[Any] = [
    None, math.nan, -math.inf, -1, 0, 0.5, 2**53, 2**53 + 1, math.inf, "", "Z", "a", "a\0", "\uff5e", "\U00010000",
    {}, {"a": 1}, {"a": 1, "b": 0}, {"b": 1}, {"a": "x"}, [], [None], [1], [1, 0], ["a"], Binary(b"z"), Binary(b"aa"),
    ObjectId("a" * 24), ObjectId("b" * 24), False, True, Date(-1), Date(5), Regex("a"), Regex("a", "i"),
]  # fmt: skip


def test_every_pair() -> None:
    for (i, left), (j, right) in itertools.product(enumerate(ASCENDING), repeat=2):
        assert compare(left, right) == (i > j) - (i < j), (left, right)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (0, -0.0, True),
        (1, True, False),
        (0, False, False),
        (2**53 + 1, float(2**53), False),
        (math.nan, float("nan"), True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
        ({"a": [1, {"b": 2}]}, {"a": [1.0, {"b": 2}]}, True),
        ([True], [1], False),
        ("é", "e\u0301", False),
    ],
)
def test_equality(left: Any, right: Any, same: bool) -> None:
    assert equal(left, right) is same


def test_any_depth() -> None:
    def nested(bottom: int) -> Any:
        value: Any = bottom
        for _ in range(20_000):
            value = {"a": [value]}
        return value

    low, high = nested(1), nested(2)
    assert compare(low, high) == -1
    assert compare(high, low) == 1
    assert compare(low, low) == 0
