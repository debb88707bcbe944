"""Named points where a test may end the process, as a power cut would."""

import itertools
import os

POINTS = ("after-commit", "after-claim", "after-send", "after-response", "during-retention")

_point, _, _count = os.environ.get("STRONGBACK_CRASH_AT", "").partition(":")
_passed = itertools.count(1)


def armed(point: str) -> bool:
    """Whether STRONGBACK_CRASH_AT names this point."""
    return point == _point


def reach(point: str) -> None:
    """End the process here if STRONGBACK_CRASH_AT names this point, `point:3` at the third time it is reached."""
    if point == _point and next(_passed) == int(_count or 1):
        os._exit(137)
