"""The rate limiter: fixed windows per client address, route and verb (spec/01 §6)."""

from dataclasses import dataclass
from typing import NamedTuple

from strongback.errors import Failure
from strongback.http.envelope import Header
from strongback.storage.tallies import Tally

Key = tuple[str, str, str]

SWEEP_EVERY = 1024
MAX_WINDOWS = 100_000


class Window(NamedTuple):
    """One counted call: what is left of its window, and when the next one opens (epoch ms)."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self, now: int) -> tuple[Header, ...]:
        """Return the three ``X-RateLimit-*`` headers, and ``Retry-After`` with a call too many."""
        three = (
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset),
        )
        return (*three, (b"retry-after", b"%d" % self._wait(now))) if self.exceeded else three

    def failure(self, now: int) -> Failure:
        """Return the 429 with the text of spec/01 §6."""
        return Failure(
            "Error, too many requests. Please slow down. "
            f"You must wait {self._wait(now)} seconds before trying this endpoint again.",
            "error-too-many-requests",
        )

    def _wait(self, now: int) -> int:
        return max(1, -(-(self.reset - now) // 1000))


@dataclass(slots=True)
class Count:
    """The calls of one key in its window; ``unshared`` of them are not yet known to the other nodes."""

    reset: int
    milliseconds: int
    calls: int = 0
    unshared: int = 0

    def adopt(self, handed: Tally, total: Tally, now: int) -> None:
        """Take over what all nodes have counted, once ``handed`` has been added to it."""
        self.unshared -= handed.calls
        known, self.calls = self.calls, total.calls + self.unshared
        if total.reset == handed.reset:
            # Fewer than this node knows of in the same window: the others' memory was lost, in a crash.
            self.calls = max(self.calls, known)
        # A window that ends too late was opened by a clock ahead of this one; `hit` would not believe in it.
        self.reset = min(total.reset, now + self.milliseconds)


class RateLimiter:
    """Counts calls in memory; expired windows are swept, and the oldest go first beyond ``max_windows``."""

    def __init__(self, max_windows: int = MAX_WINDOWS) -> None:
        self._windows: dict[Key, Count] = {}  # in order of opening
        self._max_windows = max_windows
        self._until_sweep = SWEEP_EVERY

    def __len__(self) -> int:
        return len(self._windows)

    def hit(self, key: Key, calls: int, milliseconds: int, now: int) -> Window:
        """Count one call of ``key`` at ``now`` (epoch ms); a call too many does not count."""
        count = self._windows.get(key)
        if count is None or count.reset <= now or count.reset > now + milliseconds:
            count = self._open(key, milliseconds, now)
        if count.calls >= calls:
            return Window(calls, 0, count.reset, True)
        count.calls += 1
        count.unshared += 1
        return Window(calls, calls - count.calls, count.reset, False)

    def unshared(self, now: int) -> list[tuple[Key, Count]]:
        """Return the open windows with calls that the other nodes do not know of."""
        return [(key, count) for key, count in self._windows.items() if count.unshared and count.reset > now]

    def _open(self, key: Key, milliseconds: int, now: int) -> Count:
        self._windows.pop(key, None)
        self._make_room(now)
        count = self._windows[key] = Count(now + milliseconds, milliseconds)
        return count

    def _make_room(self, now: int) -> None:
        self._until_sweep -= 1
        if self._until_sweep <= 0 or len(self._windows) >= self._max_windows:
            self._until_sweep = SWEEP_EVERY
            self._windows = {key: count for key, count in self._windows.items() if count.reset > now}
        if len(self._windows) >= self._max_windows:
            for key in list(self._windows)[: max(1, self._max_windows // 10)]:
                del self._windows[key]


def client_ip(peer: str, forwarded_for: list[str], forwarded_count: int) -> str:
    """Return the address that calls are counted under (spec/01 §6).

    ``forwarded_count`` is the number of trusted proxies in front, by default 0: whoever can reach the port
    directly may write any ``X-Forwarded-For``, so believing it unasked would let every call choose its own
    address and escape the limit. ``X-Real-IP``, which upstream believes, is never read for the same reason.
    With n proxies the n-th entry from the right counts; a list shorter than that did not pass them all, so
    the peer counts.
    """
    if forwarded_count <= 0:
        return peer
    entries = [entry.strip() for value in forwarded_for for entry in value.split(",")]
    if forwarded_count > len(entries):
        return peer
    return entries[-forwarded_count] or peer
