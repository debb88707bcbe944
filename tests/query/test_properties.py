"""Whatever JSON comes in: nothing but QueryError goes out, and the rules that hold for every value hold."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from strongback.query import QueryError, compile_filter, compile_projection, compile_sort, find
from strongback.query.parse import FIELD, TOP_LEVEL, UNSUPPORTED

NAMES = st.sampled_from(
    ["_id", "a", "b", "a.b", "a.0", "a.0.b", "0", "", ".", "$", "__proto__", "constructor", "\ud800", "é",
     "$date", "$oid", "$regexp", "$flags", "$escape", "$binary", "$numberLong", "$numberDouble", "$InfNaN",
     "$regularExpression", "pattern", "options", "$slice", "$ref", "$id", *sorted(FIELD | TOP_LEVEL | UNSUPPORTED)]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([0, 1, -1, 2**63, -(2**63), 10**400]),
    st.floats(), st.text(max_size=5), st.sampled_from(["a", "(a+)+$", "[", "\ud800", "i", "2024-05-01T10:00:00Z"]),
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=4)
DIRECTIONS = st.dictionaries(
    st.sampled_from(["a", "b", "a.b", "a.0", "_id"]), st.sampled_from([1, -1]), max_size=4
)


@settings(max_examples=400, deadline=None)
@given(st.lists(OBJECTS, max_size=3), JSON | OBJECTS, JSON | DIRECTIONS, JSON, JSON, JSON | OBJECTS)
def test_find_raises_nothing_else(
    docs: list[dict[str, Any]], filter_: Any, sort: Any, skip: Any, limit: Any, projection: Any
) -> None:
    for arguments in (
        (filter_,),
        (None, sort),
        (None, None, skip, limit),
        (None, None, 0, 0, projection),
        (filter_, sort, skip, limit, projection),
    ):
        try:
            found = find(docs, *arguments)
        except QueryError as error:
            str(error).encode()
        else:
            assert len(found) <= len(docs)


@settings(max_examples=200, deadline=None)
@given(OBJECTS, OBJECTS, DIRECTIONS)
def test_compiled_parts_raise_nothing_else(
    document: dict[str, Any], raw: dict[str, Any], sort: dict[str, int]
) -> None:
    for compile_part, use in ((compile_filter, "matches"), (compile_projection, "apply")):
        try:
            getattr(compile_part(raw), use)(document)
        except QueryError as error:
            str(error).encode()
    key = compile_sort(sort).key
    try:
        first, second = key(document), key({"a": [document]})
    except QueryError as error:
        assert error.kind == "bad-sort"  # noqa: PT017 - most documents have no parallel arrays
    else:
        assert [first < second, first == second, second < first].count(True) == 1


@settings(max_examples=200, deadline=None)
@given(OBJECTS, OBJECTS)
def test_nor_is_the_opposite(document: dict[str, Any], raw: dict[str, Any]) -> None:
    try:
        verdict = compile_filter(raw).matches(document)
    except QueryError:
        return
    assert compile_filter({"$nor": [raw]}).matches(document) is not verdict
