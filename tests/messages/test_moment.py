"""Times as clients send them."""

from typing import Any

import pytest

from strongback.messages.moment import moment


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (0, 0),
        (1.9, 1),
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T00:00:01.234Z", 1_234),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01", 1_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ({"$date": 5}, 5),
    ],
)
def test_a_time(value: Any, at: int) -> None:
    assert moment(value) == at


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "now",
        "1700000000000000000",
        [],
        {},
        float("nan"),
        1e300,
        10**400,
        {"$date": {"$date": 1}},
    ],
)
def test_no_time(value: Any) -> None:
    assert moment(value) is None


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999-14:00"])
def test_the_ends_of_the_calendar(value: str) -> None:
    assert isinstance(moment(value), int)
