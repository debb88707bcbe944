"""An origin that only fails is left alone, then asked with one call."""

from strongback.webhooks.breaker import Breaker


def broken(failures: int = 3, at: int = 100) -> Breaker:
    breaker = Breaker(failures=failures, rest_ms=30)
    for _ in range(failures):
        breaker.failed("a", at)
    return breaker


def test_an_origin_rests_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(failures=3, rest_ms=30)
    breaker.failed("a", 100)
    breaker.failed("a", 100)
    assert breaker.allows("a", 100)
    breaker.failed("a", 100)
    assert not breaker.allows("a", 129)
    assert breaker.allows("b", 129)
    assert breaker.resting(129) == {"a": 130}


def test_a_success_between_failures_begins_the_count_again() -> None:
    breaker = Breaker(failures=2, rest_ms=30)
    for _ in range(5):
        breaker.failed("a", 100)
        breaker.succeeded("a")
    assert breaker.allows("a", 100)


def test_after_the_rest_one_call_asks_whether_it_works_again() -> None:
    breaker = broken()
    assert breaker.allows("a", 130)
    assert breaker.resting(130) == {}
    breaker.started("a")
    assert not breaker.allows("a", 131)
    assert "a" in breaker.resting(131)
    breaker.succeeded("a")
    assert breaker.allows("a", 131)


def test_a_probe_that_fails_begins_another_rest() -> None:
    breaker = broken()
    breaker.started("a")
    breaker.failed("a", 140)
    assert not breaker.allows("a", 169)
    assert breaker.allows("a", 170)


def test_a_probe_that_learned_nothing_leaves_room_for_another() -> None:
    breaker = broken()
    breaker.started("a")
    breaker.abandoned("a")
    assert breaker.allows("a", 130)
