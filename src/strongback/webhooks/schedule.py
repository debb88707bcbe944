"""When a failed call is tried again, and how long a call may take: every number of it.

Times are milliseconds; the present and the random number are passed in.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal, cast

from strongback.documents.dates import EPOCH, MILLISECOND
from strongback.documents.document import IMPORTED

Policy = Literal["standard", "rocketchat"]

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000

STANDARD_WAITS_MS = (
    0,
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    10 * HOUR,
)
"""By attempt, the wait before it; there are as many attempts as waits."""

JITTER = 0.2
"""How far a wait may be off, as a part of it, so that what failed together does not come back together."""

RETRY_AFTER_MAX_MS = 24 * HOUR
ROCKETCHAT_MAX_MS = 2**31 - 1
"""The longest that one of Rocket.Chat's timers can wait; beyond it upstream tries again at once."""

TIMEOUT_MS: Mapping[Policy, int] = {"standard": 15 * SECOND, "rocketchat": 20 * SECOND}
LONGEST_TIMEOUT_MS = 20 * SECOND
"""What a script may ask for."""

ROCKETCHAT_DELAYS = ("powers-of-ten", "powers-of-two", "increments-of-two")
_DIGITS_OF_A_DAY = 5


def policy(body: Mapping[str, Any]) -> Policy:
    """The policy of an integration: what it asks for, else Rocket.Chat's if it comes from there or speaks its words."""
    asked = body.get("retryPolicy")
    if asked in ("standard", "rocketchat"):
        return cast("Policy", asked)
    return "rocketchat" if IMPORTED in body or "retryFailedCalls" in body else "standard"


def timeout_ms(chosen: Policy, asked: int | None) -> int:
    """How long one call may take in all."""
    return TIMEOUT_MS[chosen] if asked is None else min(max(asked, 1), LONGEST_TIMEOUT_MS)


def standard_wait(attempt: int, random: float, retry_after: int | None = None) -> int | None:
    """The wait after this attempt (the first is 1) before the next one; None where it was the last.

    `random` is a number from 0 to 1. Where the receiver said when to come back, the wait is no shorter than that.
    """
    if attempt >= len(STANDARD_WAITS_MS):
        return None
    wait = round(STANDARD_WAITS_MS[attempt] * (1 + JITTER * (2 * random - 1)))
    return max(wait, min(retry_after or 0, RETRY_AFTER_MAX_MS))


def rocketchat_wait(delay: str, tries: int) -> int | None:
    """The wait of a `retryDelay` after so many retries; None for one that upstream does not know."""
    if delay not in ROCKETCHAT_DELAYS:
        return None
    if delay == "increments-of-two":
        wait = (tries + 1) * 2 * SECOND
    elif tries > ROCKETCHAT_MAX_MS.bit_length():
        wait = ROCKETCHAT_MAX_MS
    elif delay == "powers-of-two":
        wait = 2 ** (tries + 1) * SECOND
    else:
        wait = 10 ** (tries + 2)
    return min(wait, ROCKETCHAT_MAX_MS)


def retry_after(value: str | None, now: int) -> int | None:
    """Read a Retry-After header, seconds or a date, as a wait of at most 24 hours; None for anything else."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0")
        if len(digits) > _DIGITS_OF_A_DAY:  # int() refuses some thousands of digits
            return RETRY_AFTER_MAX_MS
        return min(int(digits or "0") * SECOND, RETRY_AFTER_MAX_MS)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        then = (moment - EPOCH) // MILLISECOND
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(then - now, 0), RETRY_AFTER_MAX_MS)
