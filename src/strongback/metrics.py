"""What a process counts and times, for Prometheus; docs/metrics.md lists it. No label has values without end."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from strongback.errors import Conflict, Unavailable

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory through which the processes behind one port add up what they count."""

REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DELAY_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 36000.0, 86400.0)

registry = CollectorRegistry()
disable_created_metrics()  # they would double the series and say only when the process started
if os.environ.get(SHARED):
    os.makedirs(os.environ[SHARED], exist_ok=True)


class Tallied(Histogram):
    """A histogram that takes what was counted elsewhere."""

    def add(self, buckets: Sequence[int], seconds: float) -> None:
        """Add the numbers of what fell into each bucket, and their sum."""
        self._sum.inc(seconds)
        for bucket, count in zip(self._buckets, buckets, strict=True):
            if count:
                bucket.inc(count)


def _counters(name: str, help: str, label: str, *values: str) -> Mapping[str, Counter]:
    """A counter for each value of a label, shown from the start: of what first shows as 1, no increase is seen."""
    parent = Counter(name, help, [label], registry=registry)
    return {value: parent.labels(value) for value in values}


REQUESTS = Counter(
    "strongback_http_requests_total",
    "Requests under /api/ and /hooks/ that were answered; the rate limits refuse with 429.",
    ["route", "method", "status"],
    registry=registry,
)
REQUEST_SECONDS = Tallied(
    "strongback_http_request_seconds",
    "Time from the head of a request until its answer was ready to be sent.",
    ["route", "method"],
    registry=registry,
    buckets=REQUEST_BUCKETS,
)
UNAVAILABLE = _counters(
    "strongback_database_unavailable_total",
    "Times that the database could not serve: requests answered 503, steps of the delivery that were put off.",
    "part",
    "requests",
    "deliveries",
)
COMMITS = _counters(
    "strongback_commits_total",
    "Commits handed to the database; after a conflict the state is read again and decided anew.",
    "outcome",
    "committed",
    "conflict",
    "unavailable",
)
COMMIT_SECONDS = Histogram(
    "strongback_commit_seconds",
    "Time from handing in a commit until it was durable.",
    registry=registry,
    buckets=REQUEST_BUCKETS,
)
ATTEMPTS = _counters(
    "strongback_attempts_total",
    "Attempts to deliver that were recorded; cancelled is what a script did not want to send.",
    "outcome",
    "delivered",
    "retry",
    "failed",
    "cancelled",
)
DELIVERIES = _counters(
    "strongback_deliveries_total",
    "Deliveries that this process brought to their end.",
    "state",
    "delivered",
    "failed",
    "cancelled",
    "expired",
)
DELIVERY_DELAY = Histogram(
    "strongback_delivery_delay_seconds",
    "Time from an event, or from the wish for a replay, until its delivery was recorded as delivered.",
    registry=registry,
    buckets=DELAY_BUCKETS,
)
SCRIPT_RUNS = _counters(
    "strongback_script_runs_total",
    "Runs of scripts that answered, and those that did not by kind of error; busy means that no worker was free.",
    "outcome",
    "answered",
    "evaluating",
    "running",
    "timeout",
    "memory",
    "killed",
    "busy",
    "resting",
    "result",
)
OPEN_DELIVERIES = GaugeMetricFamily(
    "strongback_deliveries_open",
    "Deliveries in the database that have not reached their end; every process shows the same number.",
)
_process = ProcessCollector(registry=None)


@contextmanager
def committing() -> Iterator[None]:
    """Time a commit, and count how it ends."""
    since = perf_counter()
    try:
        yield
    except Conflict:
        COMMITS["conflict"].inc()
        raise
    except Unavailable:
        COMMITS["unavailable"].inc()
        raise
    COMMITS["committed"].inc()
    COMMIT_SECONDS.observe(perf_counter() - since)


@dataclass(frozen=True, slots=True)
class Scrape:
    """All that is shown at one moment; no open deliveries where the database does not say how many there are."""

    open_deliveries: int | None

    def collect(self) -> Iterator[Metric]:
        """Yield every metric: of all processes that share a directory, or else of this one."""
        if directory := os.environ.get(SHARED):
            yield from MultiProcessCollector(None, directory).collect()
        else:
            yield from registry.collect()
            yield from _process.collect()
        if self.open_deliveries is not None:
            yield GaugeMetricFamily(OPEN_DELIVERIES.name, OPEN_DELIVERIES.documentation, self.open_deliveries)

    def text(self) -> bytes:
        """Everything in the format of Prometheus."""
        return generate_latest(self)
