"""Fixed windows, and whose they are."""

import pytest

from strongback.http.rate_limit import RateLimiter, client_ip

KEY = ("1.1.1.1", "/api/v1/me", "GET")


def test_a_window() -> None:
    limiter = RateLimiter()
    first = limiter.hit(KEY, 2, 60_000, 1_000)
    assert (first.remaining, first.reset, first.exceeded) == (1, 61_000, False)
    assert limiter.hit(KEY, 2, 60_000, 2_000).remaining == 0
    third = limiter.hit(KEY, 2, 60_000, 59_500)
    assert (third.remaining, third.reset, third.exceeded) == (0, 61_000, True)
    assert third.failure(59_500).message == (
        "Error, too many requests. Please slow down. You must wait 2 seconds "
        "before trying this endpoint again. [error-too-many-requests]"
    )
    assert first.headers(1_000) == (
        (b"x-ratelimit-limit", b"2"),
        (b"x-ratelimit-remaining", b"1"),
        (b"x-ratelimit-reset", b"61000"),
    )
    assert third.headers(59_500) == (
        (b"x-ratelimit-limit", b"2"),
        (b"x-ratelimit-remaining", b"0"),
        (b"x-ratelimit-reset", b"61000"),
        (b"retry-after", b"2"),
    )
    assert not limiter.hit(KEY, 2, 60_000, 61_000).exceeded


def test_keys_do_not_share() -> None:
    limiter = RateLimiter()
    limiter.hit(KEY, 1, 60_000, 0)
    assert not limiter.hit(("2.2.2.2", *KEY[1:]), 1, 60_000, 0).exceeded
    assert not limiter.hit((*KEY[:2], "POST"), 1, 60_000, 0).exceeded
    assert limiter.hit(KEY, 1, 60_000, 0).exceeded


def test_memory_is_bounded() -> None:
    limiter = RateLimiter(max_windows=100)
    for number in range(10_000):
        limiter.hit((str(number), "", ""), 1, 60_000, number)
        assert len(limiter) <= 100


def test_expired_windows_are_swept() -> None:
    limiter = RateLimiter()
    for number in range(1_023):
        limiter.hit((str(number), "", ""), 1, 10, 0)
    limiter.hit(KEY, 1, 10, 100)
    assert len(limiter) == 1


def test_a_clock_set_back_opens_a_new_window() -> None:
    limiter = RateLimiter()
    limiter.hit(KEY, 1, 60_000, 10_000_000)
    assert limiter.hit(KEY, 1, 60_000, 0).reset == 60_000


def test_a_refused_call_does_not_count() -> None:
    limiter = RateLimiter()
    assert [limiter.hit(KEY, 1, 60_000, 0).exceeded for _ in range(3)] == [False, True, True]
    assert [limiter.hit(KEY, 2, 60_000, 0).exceeded for _ in range(2)] == [False, True]


def test_what_the_other_nodes_do_not_know_yet() -> None:
    limiter = RateLimiter()
    for now, key in ((0, "a"), (0, "a"), (5, "b"), (10, "c")):
        limiter.hit((key, "", ""), 9, 100, now)
    assert [(key[0], count.unshared) for key, count in limiter.unshared(99)] == [("a", 2), ("b", 1), ("c", 1)]
    assert [key[0] for key, _ in limiter.unshared(100)] == ["b", "c"]
    assert limiter.unshared(110) == []


@pytest.mark.parametrize(
    ("forwarded", "count", "expected"),
    [
        (["9.9.9.9"], 0, "peer"),
        (["9.9.9.9"], 1, "9.9.9.9"),
        (["8.8.8.8, 9.9.9.9"], 1, "9.9.9.9"),
        (["8.8.8.8", "9.9.9.9"], 2, "8.8.8.8"),
        (["9.9.9.9"], 2, "peer"),
        ([], 1, "peer"),
        ([""], 1, "peer"),
    ],
)
def test_the_client_address(forwarded: list[str], count: int, expected: str) -> None:
    assert client_ip("peer", forwarded, count) == expected
