"""The time, as a value that is passed in."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns epoch milliseconds."""


def system_clock() -> int:
    """The machine's time in epoch milliseconds."""
    return time.time_ns() // 1_000_000
