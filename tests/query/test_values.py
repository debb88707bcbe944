"""Extended JSON in and out."""

from __future__ import annotations

import math
from typing import Any

import pytest

from strongback.query import Binary, Date, ObjectId, QueryError, Regex, decode, encode
from strongback.query.values import is_extended

MAY_FIRST = 1_714_557_600_000


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"$date": "2024-05-01T10:00:00Z"}, Date(MAY_FIRST)),
        ({"$date": "2024-05-01T12:00:00.0019+02:00"}, Date(MAY_FIRST + 1)),
        ({"$date": "2024-05-01T10:00"}, Date(MAY_FIRST)),
        ({"$date": "1969-12-31T23:59:59.999Z"}, Date(-1)),
        ({"$date": "1970-01-02"}, Date(86_400_000)),
        ({"$date": MAY_FIRST}, Date(MAY_FIRST)),
        ({"$date": {"$numberLong": "-5"}}, Date(-5)),
        ({"$oid": "64B0000000000000000000BB"}, ObjectId("64b0000000000000000000bb")),
        ({"$regexp": "^a", "$flags": "mi"}, Regex("^a", "im")),
        ({"$regularExpression": {"pattern": "b", "options": ""}}, Regex("b")),
        ({"$numberLong": "9007199254740993"}, 9007199254740993),
        ({"$numberInt": "-7"}, -7),
        ({"$numberDouble": "2.5"}, 2.5),
        ({"$InfNaN": -1}, -math.inf),
        ({"$binary": "aGk="}, Binary(b"hi")),
        ({"$binary": {"base64": "aGk=", "subType": "04"}}, Binary(b"hi", 4)),
        ({"$escape": {"$date": 5}}, {"$date": 5}),
        ({"$date": 1, "more": 2}, {"$date": 1, "more": 2}),
        ([{"a": {"$date": 1}}], [{"a": Date(1)}]),
    ],
)
def test_decode(raw: Any, value: Any) -> None:
    assert decode(raw) == value
    assert type(decode(raw)) is type(value)


@pytest.mark.parametrize(
    "raw",
    [
        {"$date": True},
        {"$date": "yesterday"},
        {"$date": "2024-02-30"},
        {"$date": "2024-05-01T10:00:00Z\n"},
        {"$date": "٢٠٢٤-05-01"},
        {"$date": math.nan},
        {"$date": 10**17},
        {"$oid": "64b0"},
        {"$numberInt": "2147483648"},
        {"$numberLong": 5},
        {"$numberDouble": "1.2.3"},
        {"$InfNaN": 2},
        {"$binary": "?"},
        {"$regexp": 5},
        {"$regularExpression": {"options": "i"}},
    ],
)
def test_malformed_forms_are_refused(raw: Any) -> None:
    with pytest.raises(QueryError) as caught:
        decode({"a": raw})
    assert (caught.value.kind, caught.value.path) == ("bad-value", "a")


@pytest.mark.parametrize(
    "raw",
    [
        {"$date": "2024-05-01T10:00:00.007Z"},
        {"$date": "0001-01-01T00:00:00.000Z"},
        {"$date": 8_640_000_000_000_000},
        {"$oid": "64b0000000000000000000bb"},
        {"$binary": {"base64": "aGk=", "subType": "04"}},
        {"$regularExpression": {"pattern": "b", "options": "i"}},
        {"$numberDouble": "NaN"},
        {"$numberDouble": "-Infinity"},
        {"$escape": {"$oid": "no"}},
        [1, {"a": None, "b": True}],
    ],
)
def test_encode_is_the_inverse(raw: Any) -> None:
    assert encode(decode(raw)) == raw


def test_nesting_is_bounded() -> None:
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(QueryError, match="deeper"):
        decode(deep)
    with pytest.raises(QueryError, match="deeper"):
        encode(deep)


def test_an_extended_form_has_no_other_keys() -> None:
    assert is_extended({"$date": 1})
    assert not is_extended({"$date": 1, "a": 1})
    assert not is_extended({"$gt": 1})
