"""Each operator on values that libraries get wrong."""

from __future__ import annotations

import math
from typing import Any

import pytest

from strongback.query import Date, ObjectId, QueryError, compile_filter

NAN = {"$numberDouble": "NaN"}


@pytest.mark.parametrize(
    ("condition", "matching", "others"),
    [
        (1, [1, 1.0, [1]], [True, "1", [[1]], None]),
        (True, [True, [True]], [1, "true"]),
        (None, [None, [None]], [0, "", False, [], {}]),
        ({"$eq": {"$date": 5}}, [Date(5), [Date(5)]], [5, Date(6), "1970"]),
        (NAN, [math.nan, [math.nan]], [0, None]),
        ({"$ne": 1}, [True, None, [[1]], 2], [1, [2, 1]]),
        ({"$gt": 5}, [6, 5.5, 10**400, [1, 9]], [5, "9", True, math.nan, [[9]], Date(9)]),
        ({"$lte": 5}, [5, -(10**400)], [math.nan, None, False]),
        ({"$gte": NAN}, [math.nan], [1, math.inf]),
        ({"$gt": None}, [], [None, 1]),
        ({"$gte": None}, [None], [1]),
        ({"$gt": []}, [[1], [None]], [[], 1]),
        ({"$lt": {"b": 1}}, [{}, {"a": 1}, [{}]], [{"b": 1}, 0]),
        ({"$gt": {"$date": 5}}, [Date(6)], [6, "z", Date(5)]),
        ({"$gt": {"$oid": "a" * 24}}, [ObjectId("b" * 24)], ["z"]),
        ({"$in": [1, "a", None]}, [1.0, "a", None, [3, "a"]], [True, "b", [["a"]]]),
        ({"$in": [True]}, [True], [1]),
        ({"$in": [0]}, [0, -0.0], [False, None]),
        ({"$in": [NAN, [], {"a": 1}]}, [math.nan, [], [[]], {"a": 1}], [{"a": 2}, [1]]),
        ({"$in": [{"$regexp": "^x", "$flags": "i"}]}, ["Xa"], ["aX"]),
        ({"$nin": ["a"]}, ["b", None, []], ["a", ["a"]]),
        ({"$size": 1.0}, [[1], [[]]], [[], 1]),
        ({"$mod": [3, -2]}, [-5, -5.9], [5, 1, math.nan, math.inf, True, "1", 2**63]),
        ({"$mod": [10, 3]}, [9007199254740993], []),
        ({"$bitsAllSet": [63]}, [-1, -(2**63)], [1, 2**63, 1.5, True]),
        ({"$bitsAnySet": 0}, [], [0, 255]),
        ({"$bitsAllClear": 6}, [1, 8], [2, 4]),
        ({"$bitsAnyClear": 6}, [1, 2, 4], [6, 7]),
        ({"$type": "int"}, [1, 5.0, [1]], [2**31, 1.5, True]),
        ({"$type": "double"}, [2**31, 1.5, math.nan], [1]),
        ({"$type": ["array", 9]}, [[], Date(1)], [None]),
        ({"$exists": {"$numberDouble": "0"}}, [], [None, 1]),
        ({"$all": [1, 2]}, [[2, 1, 3]], [1, [1]]),
        ({"$all": []}, [], [[], None]),
        ({"$elemMatch": {"$gt": 4, "$lt": 7}}, [[5]], [[1, 9], 5, [[5]]]),
        ({"$elemMatch": {"$ne": 1}}, [[1, 2], [[1]]], [[1], [], 2]),
        ({"$elemMatch": {"0": 7}}, [[[7]]], [[7]]),
        ({"$not": {"$gt": 5}}, [1, "x", None, []], [6, [1, 6]]),
    ],
)
def test_operator(condition: Any, matching: list[Any], others: list[Any]) -> None:
    matches = compile_filter({"a": condition}).matches
    assert [value for value in matching + others if matches({"a": value})] == matching


@pytest.mark.parametrize(
    "condition",
    [
        {"$size": -1}, {"$size": True}, {"$mod": [0.5, 0]}, {"$mod": [2, math.inf]}, {"$mod": [2**63, 0]},
        {"$bitsAllSet": -1}, {"$bitsAllSet": [-1]}, {"$bitsAllSet": [True]}, {"$bitsAnySet": 2**63},
        {"$type": []}, {"$type": 20}, {"$type": "Int"}, {"$type": True}, {"$gt": {"$regexp": "a", "$flags": ""}},
        {"$in": {}}, {"$all": 1}, {"$elemMatch": []}, {"$elemMatch": {"$date": 1}},
    ],
)  # fmt: skip
def test_malformed_operands(condition: Any) -> None:
    with pytest.raises(QueryError) as caught:
        compile_filter({"a": condition})
    assert caught.value.kind == "bad-value"
    assert caught.value.path.startswith("a." + next(iter(condition)))
