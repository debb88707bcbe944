"""Answers are tallied, and a second later they are in the metrics: by route, method and status, and by time."""

import asyncio
from time import perf_counter

import pytest

from strongback.http import traffic
from strongback.metrics import registry

pytestmark = pytest.mark.anyio

COUNT = "strongback_http_requests_total"
SECONDS = "strongback_http_request_seconds"


def value(name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


async def until_counted(route: str, count: int) -> None:
    async with asyncio.timeout(20):
        while value(f"{SECONDS}_count", route=route, method="GET") != count:
            await asyncio.sleep(0.01)


async def test_what_was_answered_is_counted_within_a_second_or_so() -> None:
    traffic.add_up()
    for status in (200, 200, 404):
        traffic.answered("/a/{b}", "GET", status, perf_counter())
    assert value(COUNT, route="/a/{b}", method="GET", status="200") is None
    await until_counted("/a/{b}", 3)
    traffic.answered("/a/{b}", "GET", 200, perf_counter())
    await until_counted("/a/{b}", 4)
    assert value(COUNT, route="/a/{b}", method="GET", status="200") == 3
    assert value(COUNT, route="/a/{b}", method="GET", status="404") == 1


async def test_a_time_counts_in_every_bucket_that_it_fits_in() -> None:
    for ago in (0.0, 0.03, 0.7, 3.0, 60.0):
        traffic.answered("/slow", "GET", 200, perf_counter() - ago)
    traffic.add_up()
    counts = {
        bound: value(f"{SECONDS}_bucket", route="/slow", method="GET", le=bound)
        for bound in ("0.025", "0.05", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf")
    }
    assert counts == {"0.025": 1, "0.05": 2, "0.5": 2, "1.0": 3, "2.5": 3, "5.0": 4, "10.0": 4, "+Inf": 5}
    total = value(f"{SECONDS}_sum", route="/slow", method="GET")
    assert total is not None
    assert 63.73 < total < 64.5


async def test_methods_that_are_no_verbs_are_one() -> None:
    for method in ("BREW", "PROPFIND", "x" * 100):
        traffic.answered("/teapot", method, 405, perf_counter())
    traffic.add_up()
    assert value(COUNT, route="/teapot", method="other", status="405") == 3
