"""The rate limiter: fixed windows per client address, route and verb (spec/01 §6)."""

from typing import NamedTuple

from strongback.errors import Failure
from strongback.http.envelope import Header

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


class RateLimiter:
    """Counts calls in memory; expired windows are swept, and the oldest go first beyond ``max_windows``."""

    def __init__(self, max_windows: int = MAX_WINDOWS) -> None:
        self._windows: dict[Key, tuple[int, int]] = {}  # key -> (reset, calls), in order of opening
        self._max_windows = max_windows
        self._until_sweep = SWEEP_EVERY

    def __len__(self) -> int:
        return len(self._windows)

    def hit(self, key: Key, calls: int, milliseconds: int, now: int) -> Window:
        """Count one call of ``key`` at ``now`` (epoch ms)."""
        reset, used = self._windows.get(key, (0, 0))
        if reset <= now or reset > now + milliseconds:
            self._windows.pop(key, None)
            self._make_room(now)
            reset, used = now + milliseconds, 0
        used += 1
        self._windows[key] = (reset, min(used, calls + 1))
        return Window(calls, max(0, calls - used), reset, used > calls)

    def _make_room(self, now: int) -> None:
        self._until_sweep -= 1
        if self._until_sweep <= 0 or len(self._windows) >= self._max_windows:
            self._until_sweep = SWEEP_EVERY
            self._windows = {key: window for key, window in self._windows.items() if window[0] > now}
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
