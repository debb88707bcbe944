"""When calls are tried again: every number, worked out by hand."""

from email.utils import formatdate
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.webhooks.schedule import policy, retry_after, rocketchat_wait, standard_wait, timeout_ms

DAY = 86_400_000
NOW = 784_111_777_000
"""Sun, 06 Nov 1994 08:49:37 GMT."""


@pytest.mark.parametrize(
    ("attempt", "shortest", "middle", "longest"),
    [
        (0, 0, 0, 0),
        (1, 4_000, 5_000, 6_000),
        (2, 240_000, 300_000, 360_000),
        (3, 1_440_000, 1_800_000, 2_160_000),
        (4, 5_760_000, 7_200_000, 8_640_000),
        (5, 14_400_000, 18_000_000, 21_600_000),
        (6, 28_800_000, 36_000_000, 43_200_000),
        (7, 28_800_000, 36_000_000, 43_200_000),
    ],
)
def test_standard_waits(attempt: int, shortest: int, middle: int, longest: int) -> None:
    assert [standard_wait(attempt, random) for random in (0, 0.5, 1)] == [shortest, middle, longest]


@pytest.mark.parametrize("attempt", [8, 9, 100])
def test_eight_attempts_are_the_end(attempt: int) -> None:
    assert standard_wait(attempt, 0.5) is None
    assert standard_wait(attempt, 0.5, retry_after=1000) is None


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(None, 5_000), (0, 5_000), (4_999, 5_000), (60_000, 60_000), (DAY, DAY), (30 * DAY, DAY)],
)
def test_a_receiver_may_ask_for_a_longer_wait(asked: int | None, wait: int) -> None:
    assert standard_wait(1, 0.5, asked) == wait


def test_a_shorter_wait_does_not_use_up_the_attempts() -> None:
    assert standard_wait(4, 0.5, 1_000) == 7_200_000


@given(st.integers(1, 7), st.floats(0, 1), st.none() | st.integers(0, 10**12))
def test_standard_waits_are_bounded(attempt: int, random: float, asked: int | None) -> None:
    wait = standard_wait(attempt, random, asked)
    assert wait is not None
    assert 4_000 <= wait <= DAY
    assert wait >= min(asked or 0, DAY)


@pytest.mark.parametrize(
    ("delay", "waits"),
    [
        ("powers-of-ten", [100, 1_000, 10_000, 100_000, 1_000_000]),
        ("powers-of-two", [2_000, 4_000, 8_000, 16_000, 32_000]),
        ("increments-of-two", [2_000, 4_000, 6_000, 8_000, 10_000]),
    ],
)
def test_rocketchat_waits(delay: str, waits: list[int]) -> None:
    assert [rocketchat_wait(delay, tries) for tries in range(5)] == waits


@pytest.mark.parametrize(
    ("delay", "tries", "wait"),
    [
        ("powers-of-ten", 7, 1_000_000_000),
        ("powers-of-ten", 8, 2_147_483_647),
        ("powers-of-two", 20, 2_097_152_000),
        ("powers-of-two", 21, 2_147_483_647),
        ("increments-of-two", 50, 102_000),
    ],
)
def test_late_rocketchat_waits(delay: str, tries: int, wait: int) -> None:
    assert rocketchat_wait(delay, tries) == wait


@pytest.mark.parametrize("delay", ["", "powers-of-three", "Powers-Of-Ten", " powers-of-ten"])
def test_other_delays_are_invalid(delay: str) -> None:
    assert rocketchat_wait(delay, 0) is None


@pytest.mark.parametrize("delay", ["powers-of-ten", "powers-of-two", "increments-of-two"])
def test_rocketchat_waits_grow_up_to_the_longest_timer(delay: str) -> None:
    tries = [*range(50), 10**6, 10**9, 10**15]
    waits = [rocketchat_wait(delay, number) or 0 for number in tries]
    assert all(earlier <= later for earlier, later in pairwise(waits))
    assert waits[-1] == 2_147_483_647


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", 0),
        ("120", 120_000),
        (" 120 ", 120_000),
        ("00120", 120_000),
        ("86400", DAY),
        ("86401", DAY),
        ("99999999999", DAY),
        ("9" * 10_000, DAY),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60_000),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60_000),
        ("Sun Nov  6 08:50:37 1994", 60_000),
        ("Sun, 06 Nov 1994 10:50:37 +0200", 60_000),
        ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
    ],
)
def test_retry_after(header: str, wait: int) -> None:
    assert retry_after(header, NOW) == wait


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "-5",
        "+5",
        "1.5",
        "1e3",
        "٣",
        "²",
        "soon",
        "1994-11-06T08:50:37Z",
        "Sun, 99 Nov 1994 08:50:37 GMT",
        "Sun, 06 Nov 99999 08:50:37 GMT",
    ],
)
def test_garbage_asks_for_nothing(header: str | None) -> None:
    assert retry_after(header, NOW) is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,4} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,9} \S*"))
def test_no_header_is_too_much(header: str) -> None:
    wait = retry_after(header, NOW)
    assert wait is None or 0 <= wait <= DAY


@given(st.integers(0, 4_000_000_000), st.integers(0, 86_400))
def test_dates_are_as_good_as_seconds(now_s: int, seconds: int) -> None:
    assert retry_after(formatdate(now_s + seconds, usegmt=True), now_s * 1000) == seconds * 1000


@pytest.mark.parametrize(
    ("body", "chosen"),
    [
        ({}, "standard"),
        ({"retryCount": 4}, "standard"),
        ({"retryFailedCalls": True}, "rocketchat"),
        ({"retryFailedCalls": False}, "rocketchat"),
        ({"_imported": True}, "rocketchat"),
        ({"_imported": True, "retryPolicy": "standard"}, "standard"),
        ({"retryFailedCalls": True, "retryPolicy": "standard"}, "standard"),
        ({"retryPolicy": "rocketchat"}, "rocketchat"),
        ({"retryPolicy": "never"}, "standard"),
        ({"retryPolicy": ["rocketchat"]}, "standard"),
        ({"retryPolicy": None, "retryFailedCalls": True}, "rocketchat"),
    ],
)
def test_the_policy_of_an_integration(body: dict[str, Any], chosen: str) -> None:
    assert policy(body) == chosen


def test_timeouts() -> None:
    assert (timeout_ms("standard", None), timeout_ms("rocketchat", None)) == (15_000, 20_000)
    assert [timeout_ms("standard", asked) for asked in (0, 1, 18_000, 60_000)] == [1, 1, 18_000, 20_000]
