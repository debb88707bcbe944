"""The time, as a value that is passed in."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns epoch milliseconds."""


def system_clock() -> int:
    """The machine's time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux one that goes on while the machine sleeps."""


def steady_clock() -> int:
    """Milliseconds that go on whatever becomes of the time of day."""
    return time.clock_gettime_ns(_STEADY) // 1_000_000
