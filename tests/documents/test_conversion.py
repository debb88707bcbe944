"""What becomes of every BSON type, written by hand."""

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import bson
import pytest
from bson import (
    Binary,
    Code,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from bson.codec_options import CodecOptions, DatetimeConversion
from hypothesis import given
from hypothesis import strategies as st

from strongback.documents.conversion import MAX_DEPTH, Note, from_bson

OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)

UNCHANGED: list[tuple[Any, Any]] = [
    *[(text, text) for text in ["", "a", "é", "😀", "日本", "a\0b", "$x", "a.b", '"', "\u2028"]],
    *[(number, number) for number in [0, 1, -1, 7, 255, -256, 2**31 - 1, -(2**31), 10**9, 42]],
    *[(Int64(n), n) for n in [0, 1, -1, 2**31, -(2**31) - 1, 2**40, -(2**40), 2**53, -(2**53), 5]],
    *[(0.5, 0.5), (-0.25, -0.25), (5.0, 5), (-0.0, 0), (1e15, 10**15), (1e300, 1e300), (-3.0, -3)],
    *[(0.1, 0.1), (5e-324, 5e-324), (2.0**60, 2.0**60)],
    *[(True, True), (False, False), (None, None)],
    *[(ObjectId(f"{n:024x}"), f"{n:024x}") for n in [0, 1, 15, 16, 255, 2**32, 2**64, 2**95, 2**96 - 1, 99]],
    *[
        (items, items)
        for items in [[], [1], ["a", None], [[]], [[1, [2]]], [{}], [True], [0.5], [[], {}], ["é"]]
    ],
    *[
        (d, d)
        for d in [{}, {"a": 1}, {"a": {"b": {}}}, {"": 1}, {"é": "é"}, {"$x": 1}, {"a.b": None}, {"a": []}]
    ],
    (DBRef("users", ObjectId("0" * 24)), {"$ref": "users", "$id": "0" * 24}),
    (DBRef("users", 1, "db"), {"$ref": "users", "$id": 1, "$db": "db"}),
]

NOTED: list[tuple[Any, Any, str]] = [
    *[(Int64(n), n, "beyond 2^53") for n in [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**60]],
    *[(x, None, "no JSON form") for x in [float("nan"), float("inf"), float("-inf")]],
    *[
        (Decimal128(t), {"$numberDecimal": t}, "a decimal")
        for t in ["1.5", "0", "-0", "NaN", "Infinity", "-Infinity", "1E+6000", "0.10", "-7", "1E-6176"]
    ],
    (b"", "", "subtype 0"),
    (b"\x00\xff", "AP8=", "subtype 0"),
    *[(Binary(b"hi", n), "aGk=", f"subtype {n}") for n in [1, 2, 3, 5, 6, 7, 128, 255]],
    (Binary(b"\0" * 16, 4), "AAAAAAAAAAAAAAAAAAAAAA==", "subtype 4"),
    *[
        (Timestamp(t, i), {"$timestamp": {"t": t, "i": i}}, "a timestamp")
        for t, i in [
            (0, 0),
            (1, 2),
            (2**32 - 1, 2**32 - 1),
            (5, 0),
            (0, 5),
            (1, 1),
            (9, 8),
            (10, 1),
            (3, 3),
            (7, 1),
        ]
    ],
    *[
        (Regex("^a", options), {"$regex": "^a", "$options": options}, "a regular expression")
        for options in ["", "i", "m", "s", "x", "u", "l", "im", "is", "imsx"]
    ],
    *[
        (Code(text), text, "JavaScript code")
        for text in ["", "a", "f()", "é", "1", "{}", "x => x", "'", '"', "\n"]
    ],
    (Code("f()", {"x": 1}), "f()", "without its scope"),
    (MinKey(), {"$minKey": 1}, "smallest"),
    (MaxKey(), {"$maxKey": 1}, "largest"),
]

DATES: list[tuple[int, str, bool]] = [
    (0, "1970-01-01T00:00:00.000Z", False),
    (1, "1970-01-01T00:00:00.001Z", False),
    (-1, "1969-12-31T23:59:59.999Z", False),
    (1_700_000_000_123, "2023-11-14T22:13:20.123Z", False),
    (951_782_400_000, "2000-02-29T00:00:00.000Z", False),
    (-62_167_219_200_000, "0000-01-01T00:00:00.000Z", False),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z", False),
    (253_402_300_800_000, "+010000-01-01T00:00:00.000Z", True),
    (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z", True),
    (8_640_000_000_000_000, "+275760-09-13T00:00:00.000Z", True),
]


def stored(value: Any) -> dict[str, Any]:
    return bson.decode(bson.encode({"v": value}), OPTIONS)


@pytest.mark.parametrize(("value", "expected"), UNCHANGED)
def test_without_a_note(value: Any, expected: Any) -> None:
    converted, dates, notes = from_bson(stored(value))
    assert converted == {"v": expected}
    assert type(converted["v"]) is type(expected)
    assert (dates, notes) == ((), [])


@pytest.mark.parametrize(("value", "expected", "reason"), NOTED)
def test_with_a_note(value: Any, expected: Any, reason: str) -> None:
    converted, dates, notes = from_bson(stored(value))
    assert converted == {"v": expected}
    assert type(converted["v"]) is type(expected)
    assert dates == ()
    assert [note.path for note in notes] == ["v"]
    assert reason in notes[0].reason


@pytest.mark.parametrize(("ms", "text", "noted"), DATES)
def test_dates(ms: int, text: str, noted: bool) -> None:
    converted, dates, notes = from_bson(stored(DatetimeMS(ms)))
    assert converted == {"v": text}
    assert dates == (("v",),)
    assert bool(notes) == noted


@pytest.mark.parametrize("ms", [8_640_000_000_000_001, -8_640_000_000_000_001, 2**63 - 1, -(2**63)])
def test_dates_beyond_javascript_are_null(ms: int) -> None:
    converted, dates, notes = from_bson(stored(DatetimeMS(ms)))
    assert (converted, dates) == ({"v": None}, ())
    assert notes == [Note("v", f"a date of {ms} ms is out of range: stored as null")]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2023, 11, 14, 22, 13, 20, 123_999),
        datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC),
        datetime(2023, 11, 15, 0, 13, 20, 123_000, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_datetimes_of_python(moment: datetime) -> None:
    assert from_bson({"v": moment})[0] == {"v": "2023-11-14T22:13:20.123Z"}


def test_paths_of_dates_and_notes() -> None:
    document = {"a": [{"b": DatetimeMS(0)}, DatetimeMS(1)], "c.d": {"e": DatetimeMS(2), "f": [b"x"]}}
    converted, dates, notes = from_bson(document)
    assert dates == (("a", 0, "b"), ("a", 1), ("c.d", "e"))
    assert [note.path for note in notes] == ["c.d.f.0"]
    assert list(converted) == ["a", "c.d"]


def test_lone_surrogates() -> None:
    converted, _, notes = from_bson({"a": "x\ud800", "b\udfff": 1, "c": ["\udc80😀"]})
    assert converted == {"a": "x\ufffd", "b\ufffd": 1, "c": ["\ufffd😀"]}
    assert [note.path for note in notes] == ["a", "b\ufffd", "c.0"]


def test_a_uuid_of_python() -> None:
    assert from_bson({"v": uuid.UUID(int=0)})[0] == {"v": "AAAAAAAAAAAAAAAAAAAAAA=="}


def test_subclasses_convert_as_their_base() -> None:
    assert from_bson({"v": bson.SON([("b", 1), ("a", 2)])})[0] == {"v": {"b": 1, "a": 2}}


def nested(levels: int, leaf: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"v": leaf}
    for _ in range(levels - 1):
        document = {"v": document}
    return document


def test_a_hundred_levels_are_kept_and_no_more() -> None:
    document = nested(MAX_DEPTH, 1)
    assert from_bson(document)[0] == document
    with pytest.raises(ValueError, match="deeper than 100 levels"):
        from_bson(nested(MAX_DEPTH + 1, 1))
    with pytest.raises(ValueError, match="deeper than 100 levels"):
        from_bson(nested(MAX_DEPTH, []))


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a\.b holds a complex"):
        from_bson({"a": {"b": 1j}})


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1).map(Int64),
        st.floats(),
        st.text(),
        st.binary(),
        st.integers(-(2**63), 2**63 - 1).map(DatetimeMS),
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text().filter(lambda k: "\0" not in k), inner)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_it_was_it_is_json(value: Any) -> None:
    converted, dates, _ = from_bson(stored(value))
    assert json.loads(json.dumps(converted, allow_nan=False)) == converted
    for path in dates:
        found: Any = converted
        for step in path:
            found = found[step]
        assert found.endswith("Z")
