"""Projections."""

from __future__ import annotations

import json
from typing import Any

import pytest

from strongback.query import QueryError, compile_projection

DOCUMENT: dict[str, Any] = {
    "_id": 1, "t": "2024-05-01T10:00:00.000Z", "a": [1, {"b": 2, "c": 3}, [{"b": 4}, 5]], "o": {"x": 1, "y": [1, 2, 3]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("projection", "expected"),
    [
        (None, DOCUMENT),
        ({}, DOCUMENT),
        ({"t": 1}, {"_id": 1, "t": DOCUMENT["t"]}),
        ({"t": 1, "_id": 0}, {"t": DOCUMENT["t"]}),
        ({"_id": 1}, {"_id": 1}),
        ({"_id": 0, "a": 0, "o": 0}, {"t": DOCUMENT["t"]}),
        ({"a.b": 1, "_id": 0}, {"a": [{"b": 2}, [{"b": 4}]]}),
        ({"a.b": 0, "t": 0, "o": 0}, {"_id": 1, "a": [1, {"c": 3}, [{}, 5]]}),
        ({"t.x": 1, "o": {"z": 1}}, {"_id": 1, "o": {}}),
        ({"o.y": {"$slice": -1}, "a": {"$slice": [0, 1]}}, {**DOCUMENT, "a": [1], "o": {"x": 1, "y": [3]}}),
        ({"o.y": {"$slice": 1}, "t": 1}, {"_id": 1, "t": DOCUMENT["t"], "o": {"y": [1]}}),
        ({"a": {"$elemMatch": {"b": 2}}}, {"_id": 1, "a": [{"b": 2, "c": 3}]}),
        ({"a": {"$elemMatch": {"b": 9}}, "o": 0}, {"_id": 1, "t": DOCUMENT["t"]}),
        ({"_id": 0, "a": {"$slice": 0}, "o.y": 0}, {"t": DOCUMENT["t"], "a": [], "o": {"x": 1}}),
    ],
)
def test_apply(projection: Any, expected: dict[str, Any]) -> None:
    before = json.dumps(DOCUMENT)
    assert json.dumps(compile_projection(projection).apply(DOCUMENT)) == json.dumps(expected)
    assert json.dumps(DOCUMENT) == before


@pytest.mark.parametrize(
    ("projection", "kind"),
    [
        ({"a": 1, "b": 0}, "bad-projection"),
        ({"a": 1, "a.b": 1}, "bad-projection"),
        ({"a.b": 1, "a": 1}, "bad-projection"),
        ({"a": {}}, "bad-projection"),
        ({"": 1}, "bad-projection"),
        ({"a..b": 1}, "bad-projection"),
        ({"$a": 1}, "bad-projection"),
        ({"a.b": {"$elemMatch": {}}}, "bad-projection"),
        ({"a": {"$slice": [1, 0]}}, "bad-projection"),
        ({"a": {"$slice": float("nan")}}, "bad-projection"),
        ({"a": {"$elemMatch": {"$foo": 1}}}, "bad-operator"),
        ({"a": {"$meta": "x"}}, "unsupported"),
        ({"a.$": 1}, "unsupported"),
        ({"a": "$b"}, "unsupported"),
        ({"a": {"$date": 1}}, "unsupported"),
        ([], "bad-projection"),
    ],
)
def test_refused(projection: Any, kind: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_projection(projection)
    assert caught.value.kind == kind


def test_paths() -> None:
    projection = compile_projection({"a": {"$elemMatch": {"b": 1}}, "c": {"d": 1}, "_id": 0})
    assert projection.paths == {"a", "a.b", "c.d", "_id"}


def test_deep_arrays_are_an_error() -> None:
    deep: Any = {"b": 1}
    for _ in range(50_000):
        deep = [deep]
    for flag in (0, 1):
        with pytest.raises(QueryError, match="too deep"):
            compile_projection({"a.b": flag}).apply({"a": deep})
