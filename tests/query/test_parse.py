"""The grammar of filters: what is refused, where, and which paths are named."""

from __future__ import annotations

from typing import Any

import pytest

from strongback.query import QueryError, compile_filter
from strongback.query.parse import UNSUPPORTED, is_operator_document


@pytest.mark.parametrize(
    ("raw", "kind", "path"),
    [
        ({"channel": {"$foo": 1}}, "bad-operator", "channel.$foo"),
        ({"$or": [{"a": 1}, {"$where": "x"}]}, "unsupported", "$or.1.$where"),
        (
            {"$nor": [{"a": {"$elemMatch": {"$or": [{"$expr": 1}]}}}]},
            "unsupported",
            "$nor.0.a.$elemMatch.$or.0.$expr",
        ),
        ({"a": {"$elemMatch": {"$where": "x"}}}, "unsupported", "a.$elemMatch.$where"),
        ({"a": {"$not": {"$not": {"$bar": 1}}}}, "bad-operator", "a.$not.$not.$bar"),
        ({"a": {"$where": "x"}}, "bad-operator", "a.$where"),
        ({"a": {"$function": {}}}, "bad-operator", "a.$function"),
        ({"a": {"$near": [0, 0]}}, "unsupported", "a.$near"),
        ({"$function": {}}, "unsupported", "$function"),
        ({"$not": {"a": 1}}, "bad-operator", "$not"),
        ({"$gt": 1}, "bad-operator", "$gt"),
        ({"a": {"$gt": 1, "b": 2}}, "bad-operator", "a.b"),
        ({"a": {"$in": [1, {"$regex": "x"}]}}, "bad-operator", "a.$in.1.$regex"),
        ({"a": {"$all": [{"$elemMatch": {}}, 1]}}, "bad-operator", "a.$all.1"),
        ({"a": {"$all": [{"$gt": 1}]}}, "bad-operator", "a.$all.0.$gt"),
        ({"$and": []}, "bad-value", "$and"),
        ({"$and": [{}, 1]}, "bad-value", "$and.1"),
        ({"a": {"$options": "i"}}, "bad-value", "a.$options"),
        ({"a": {"$regex": "x", "$options": 1}}, "bad-value", "a.$options"),
        ({"a": {"$not": 5}}, "bad-value", "a.$not"),
        ({"a": {"b": {"$date": "x"}}}, "bad-value", "a.b"),
        ({"a": {"$date": 1, "b": 1}}, "bad-operator", "a.$date"),
        ([], "bad-value", ""),
        ("x", "bad-value", ""),
    ],
)
def test_refused_with_its_path(raw: Any, kind: str, path: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_filter(raw)
    assert (caught.value.kind, caught.value.path) == (kind, path)
    assert path in str(caught.value)


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_refused_at_the_top_and_below(name: str) -> None:
    for raw in ({name: 1}, {"$and": [{"$or": [{name: 1}]}]}, {"a": {"$elemMatch": {"$and": [{name: 1}]}}}):
        with pytest.raises(QueryError) as caught:
            compile_filter(raw)
        assert caught.value.kind == "unsupported"


def test_paths_are_dotted_from_the_root() -> None:
    raw = {
        "a": {"$elemMatch": {"b": 1, "$or": [{"c.d": {"$not": {"$elemMatch": {"e": 1}}}}]}},
        "$nor": [{"f": {"$all": [{"$elemMatch": {"g": 1}}]}}, {"h": {"x": 1}}],
    }
    assert compile_filter(raw).paths == {"a", "a.b", "a.c.d", "a.c.d.e", "f", "f.g", "h"}
    assert compile_filter(None).paths == frozenset()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"$gt": 1}, True), ({"a": 1, "$gt": 1}, False), ({}, False), ({"$date": 1}, False), ([], False),
        ({"$ref": "c", "$id": 1}, False), ({"$ref": "c"}, True), ({"$escape": {"$gt": 1}}, False),
    ],
)  # fmt: skip
def test_operator_documents(raw: Any, expected: bool) -> None:
    assert is_operator_document(raw) is expected


def test_an_escaped_operand_is_a_value() -> None:
    matches = compile_filter({"a": {"$escape": {"$gt": 1}}}).matches
    assert matches({"a": {"$gt": 1}})
    assert not matches({"a": 5})
