"""Requests are tallied as they are answered, and added to the metrics once a second: an instrument costs ten times more."""

import asyncio
from bisect import bisect_left
from time import perf_counter

from strongback.metrics import REQUEST_BUCKETS, REQUEST_SECONDS, REQUESTS

EVERY_SECONDS = 1.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
UNKNOWN = "unknown"
"""The route of every path that has none."""


class Tally:
    """What a route has answered to a method since the last time: how often by status, and in what time."""

    __slots__ = ("buckets", "seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(REQUEST_BUCKETS) + 1)
        self.seconds = 0.0


_tallies: dict[tuple[str, str], Tally] = {}


def answered(route: str, method: str, status: int, since: float) -> None:
    """Count the answer to a request that came at `since`, by `perf_counter`; `route` is a pattern, never a path."""
    tally = _tallies.get((route, method)) or _begin(route, method)
    seconds = perf_counter() - since
    tally.seconds += seconds
    tally.buckets[bisect_left(REQUEST_BUCKETS, seconds)] += 1
    tally.statuses[status] = tally.statuses.get(status, 0) + 1


def _begin(route: str, method: str) -> Tally:
    if not _tallies:
        asyncio.get_running_loop().call_later(EVERY_SECONDS, add_up)
    return _tallies.setdefault((route, method if method in METHODS else OTHER), Tally())


def add_up() -> None:
    """Add what was tallied to the metrics; in the thread of the loop."""
    for (route, method), tally in _tallies.items():
        for status, count in tally.statuses.items():
            REQUESTS.labels(route, method, status).inc(count)
        REQUEST_SECONDS.labels(route, method).add(tally.buckets, tally.seconds)
    _tallies.clear()
