"""Dates on the wire, against what JavaScript's toISOString prints."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.documents.dates import MAX_DATE_MS, format_date, parse_date

KNOWN = [
    (0, "1970-01-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
    (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
    (MAX_DATE_MS, "+275760-09-13T00:00:00.000Z"),
    (-MAX_DATE_MS, "-271821-04-20T00:00:00.000Z"),
]


@pytest.mark.parametrize(("ms", "text"), KNOWN)
def test_known_dates(ms: int, text: str) -> None:
    assert format_date(ms) == text
    assert parse_date(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-11-14",
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:13:20.123",
        "2023-11-14T22:13:20.123Z\n",
        "2023-02-29T00:00:00.000Z",
        "2023-00-01T00:00:00.000Z",
        "2023-01-00T00:00:00.000Z",
        "2023-13-01T00:00:00.000Z",
        "2023-01-01T24:00:00.000Z",
        "2023-01-01T00:60:00.000Z",
        "2023-01-01T00:00:60.000Z",
        "+002023-01-01T00:00:00.000Z",
        "-000000-01-01T00:00:00.000Z",
        "+275760-09-13T00:00:00.001Z",
        "٢٠٢٣-01-01T00:00:00.000Z",
    ],
)
def test_other_texts_are_no_dates(text: str) -> None:
    assert parse_date(text) is None


def test_a_date_beyond_javascript_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond the range"):
        format_date(MAX_DATE_MS + 1)


@given(st.integers(-MAX_DATE_MS, MAX_DATE_MS))
def test_round_trip(ms: int) -> None:
    assert parse_date(format_date(ms)) == ms


@given(st.datetimes())
def test_agrees_with_datetime(moment: datetime) -> None:
    ms = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    assert format_date(ms) == f"{moment.isoformat(timespec='milliseconds')}Z"


def test_every_turn_of_february() -> None:
    for year in range(1, 10_000):
        for day in (datetime(year, 3, 1), datetime(year, 3, 1) - timedelta(days=1), datetime(year, 12, 31)):
            ms = (day - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
            assert format_date(ms) == f"{day.isoformat()}.000Z"
            assert parse_date(format_date(ms)) == ms
