"""Sort keys."""

from __future__ import annotations

from typing import Any

import pytest

from strongback.query import Date, QueryError, compile_sort


def order(sort: Any, values: list[dict[str, Any]]) -> list[int]:
    key = compile_sort(sort).key
    return sorted(range(len(values)), key=lambda index: key(values[index]))


@pytest.mark.parametrize(
    ("sort", "documents", "expected"),
    [
        (
            {"a": 1},
            [{"a": True}, {"a": "x"}, {"a": 1}, {}, {"a": []}, {"a": Date(1)}, {"a": {}}],
            [4, 3, 2, 1, 6, 0, 5],
        ),
        ({"a": -1}, [{"a": 1}, {"a": []}, {}, {"a": [[1]]}], [3, 0, 2, 1]),
        ({"a": 1}, [{"a": [3, 0]}, {"a": [8, -1]}], [1, 0]),
        ({"a": -1}, [{"a": [3, 0]}, {"a": [8, -1]}], [1, 0]),
        ({"a.b": 1}, [{"a": [{"b": 5}, 7]}, {"a": {"b": -1}}, {"a": {"b": []}}], [2, 0, 1]),
        ({"a.1": 1}, [{"a": [1, 9]}, {"a": [9, 1]}, {"a": [0]}], [2, 1, 0]),
        # One element gives both parts of a key: (1, 4) against (1, 2), not (1, 1) against (1, 2).
        (
            {"a.c": 1, "a.b": 1},
            [{"a": [{"b": 4, "c": 1}, {"b": 1, "c": 2}]}, {"a": [{"b": 2, "c": 1}]}],
            [1, 0],
        ),
        ({"a": 1.0, "b": -1.0}, [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 0}], [2, 1, 0]),
        ({"a": -1}, [{"a": 1, "i": 0}, {"a": 1, "i": 1}], [0, 1]),
        ({}, [{"a": 2}, {"a": 1}], [0, 1]),
        (None, [{"a": 2}, {"a": 1}], [0, 1]),
    ],
)
def test_order(sort: Any, documents: list[dict[str, Any]], expected: list[int]) -> None:
    assert order(sort, documents) == expected


@pytest.mark.parametrize(
    "sort",
    [{"a": 2}, {"a": True}, {"a": "1"}, {"a": {"$meta": "x"}}, {"": 1}, {"a.": 1}, {"a..b": 1}, {"$natural": 1},
     {"a.$b": 1}, [], "a", {f"k{n}": 1 for n in range(9)}, {"a" + ".a" * 100: 1}, {"a": 10**400}],
)  # fmt: skip
def test_bad_sorts(sort: Any) -> None:
    with pytest.raises(QueryError) as caught:
        compile_sort(sort)
    assert caught.value.kind == "bad-sort"


def test_parallel_arrays() -> None:
    sort = compile_sort({"a": 1, "b": 1})
    assert sort.paths == {"a", "b"}
    assert sort.key({"a": [1], "b": 2})
    with pytest.raises(QueryError) as caught:
        sort.key({"a": [], "b": []})
    assert caught.value.kind == "bad-sort"
