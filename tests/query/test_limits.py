"""Every bound, from both sides."""

from __future__ import annotations

from typing import Any

import pytest

from strongback.query import Limits, QueryError, compile_filter, compile_projection, compile_sort


def nested(levels: int) -> Any:
    raw: Any = {"a": 1}
    for _ in range(levels):
        raw = {"$and": [raw]}
    return raw


def negated(levels: int) -> Any:
    raw: Any = {"$gt": 1}
    for _ in range(levels):
        raw = {"$not": raw}
    return {"a": raw}


def elements(levels: int) -> Any:
    raw: Any = {"$gt": 1}
    for _ in range(levels):
        raw = {"$elemMatch": raw}
    return {"a": raw}


def projected(levels: int) -> Any:
    raw: Any = 1
    for _ in range(levels + 1):
        raw = {"a": raw}
    return raw


@pytest.mark.parametrize(
    ("within", "beyond", "compiler", "kind"),
    [
        (nested(100), nested(101), compile_filter, "bad-value"),
        (nested(100), nested(100_000), compile_filter, "bad-value"),
        (negated(100), negated(101), compile_filter, "bad-value"),
        (elements(100), elements(101), compile_filter, "bad-value"),
        ({f"k{n}": 1 for n in range(1000)}, {f"k{n}": 1 for n in range(1001)}, compile_filter, "bad-value"),
        ({"$or": [{}] * 999}, {"$or": [{}] * 1000}, compile_filter, "bad-value"),
        ({"a": {"$in": [1] * 1000}}, {"a": {"$in": [1] * 1001}}, compile_filter, "bad-value"),
        ({"a": {"$nin": [1] * 1000}}, {"a": {"$nin": [1] * 1001}}, compile_filter, "bad-value"),
        ({"a": {"$all": [1] * 1000}}, {"a": {"$all": [1] * 1001}}, compile_filter, "bad-value"),
        ({"a": {"$bitsAllSet": [1] * 1000}}, {"a": {"$bitsAllSet": [1] * 1001}}, compile_filter, "bad-value"),
        ({"a" + ".a" * 99: 1}, {"a" + ".a" * 100: 1}, compile_filter, "bad-value"),
        ({"a" + ".0" * 10: 1}, {"a" + ".0" * 11: 1}, compile_filter, "bad-value"),
        ({"a": {"$regex": "x" * 32_764}}, {"a": {"$regex": "x" * 32_765}}, compile_filter, "bad-regex"),
        ({f"k{n}": 1 for n in range(8)}, {f"k{n}": 1 for n in range(9)}, compile_sort, "bad-sort"),
        ({"a" + ".a" * 99: 1}, {"a" + ".a" * 100: 1}, compile_sort, "bad-sort"),
        (
            {f"k{n}": 1 for n in range(200)},
            {f"k{n}": 1 for n in range(201)},
            compile_projection,
            "bad-projection",
        ),
        (projected(99), projected(100), compile_projection, "bad-projection"),
        (projected(99), projected(100_000), compile_projection, "bad-projection"),
        ({"a" + ".a" * 99: 1}, {"a" + ".a" * 100: 1}, compile_projection, "bad-projection"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_bound(within: Any, beyond: Any, compiler: Any, kind: str) -> None:
    compiler(within)
    with pytest.raises(QueryError) as caught:
        compiler(beyond)
    assert caught.value.kind == kind


def test_bounds_are_arguments() -> None:
    compile_filter({"a": 1, "b": 1}, Limits(nodes=2))
    with pytest.raises(QueryError, match="2 conditions"):
        compile_filter({"a": 1, "b": 1, "c": 1}, Limits(nodes=2))


def test_deep_operands_and_documents() -> None:
    deep: Any = 1
    for _ in range(50_000):
        deep = {"a": [deep]}
    with pytest.raises(QueryError, match="deeper"):
        compile_filter({"x": {"$eq": deep}})
    document = {"x": deep, "y": deep}
    assert compile_filter({"x": {"$gt": {"a": [1]}}}).matches(document)
    assert not compile_filter({"x": {"$elemMatch": {"a": 1}}, "x.a.a.a": 1}).matches(document)
    key = compile_sort({"x": 1, "y": -1}).key
    assert key(document) == key(document)
    assert not key(document) < key(document)
    assert compile_projection({"x.a.b": 1}).apply(document) == {"x": {"a": [{}]}}
