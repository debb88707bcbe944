"""The tables of docs/delivery.md, made from the code that they describe; a test compares."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from strongback.webhooks.classify import Answer, ErrorKind, Outcome, Verdict, classify
from strongback.webhooks.schedule import (
    HOUR,
    JITTER,
    LONGEST_TIMEOUT_MS,
    MINUTE,
    RETRY_AFTER_MAX_MS,
    ROCKETCHAT_DELAYS,
    ROCKETCHAT_MAX_MS,
    SECOND,
    STANDARD_WAITS_MS,
    TIMEOUT_MS,
    Policy,
    rocketchat_wait,
)
from strongback.webhooks.steps import Ending

Situation = tuple[str, Answer | ErrorKind, Verdict | None]

SITUATIONS: Sequence[Situation] = (
    ("answers 200 with a body", Answer(200, empty=False), None),
    ("answers 200 without a body", Answer(200, empty=True), None),
    ("answers 201 or 202 with a body", Answer(201, empty=False), None),
    ("answers 204", Answer(204, empty=True), None),
    ("answers with a redirect", Answer(302, empty=False), None),
    ("answers 404, or another 4xx", Answer(404, empty=False), None),
    ("answers 408, 425 or 429", Answer(429, empty=False), None),
    ("answers 410 with a body", Answer(410, empty=False), None),
    ("answers 410 without a body", Answer(410, empty=True), None),
    ("answers 500 with a body", Answer(500, empty=False), None),
    ("answers 500 without a body", Answer(500, empty=True), None),
    ("answers 502, 503, or another 5xx", Answer(503, empty=False), None),
    ("has a name that is not found", "dns", None),
    ("takes no connection", "connect", None),
    ("has a bad certificate", "tls", None),
    ("does not answer in time", "timeout", None),
    ("breaks off", "reset", None),
    ("answers with something else than HTTP", "protocol", None),
    ("answers with what can not be decompressed", "decode", None),
    ("has an address that may not be called", "refused", None),
    ("answers 200; the script makes a message of it", Answer(200, empty=False), "message"),
    ("answers 200; the script returns false", Answer(200, empty=False), "false"),
    ("answers 200; the script fails", Answer(200, empty=False), "error"),
    ("answers 503; the script makes a message of it", Answer(503, empty=False), "message"),
    ("answers 503; the script returns false", Answer(503, empty=False), "false"),
    ("answers 503; the script fails", Answer(503, empty=False), "error"),
)
CONFIGURED: Mapping[str, Any] = {
    "retryFailedCalls": True,
    "retryCount": 4,
    "retryDelay": ROCKETCHAT_DELAYS[0],
}


def outcomes() -> str:
    """What follows from what a receiver does, under both policies."""
    rows = (
        (f"The receiver {what}", *(_said(policy, answer, verdict) for policy in TIMEOUT_MS))
        for what, answer, verdict in SITUATIONS
    )
    return _table(("What happens", *(f"`{policy}`" for policy in TIMEOUT_MS)), rows)


def waits() -> str:
    """The wait before each attempt."""
    named = {delay: [rocketchat_wait(delay, tries) for tries in range(7)] for delay in ROCKETCHAT_DELAYS}
    rows = (
        (
            str(attempt + 1),
            duration(wait),
            *("0" if not attempt else duration(named[delay][attempt - 1] or 0) for delay in named),
        )
        for attempt, wait in enumerate(STANDARD_WAITS_MS)
    )
    return _table(("Attempt", "`standard`", *(f"`rocketchat`, `{delay}`" for delay in named)), rows)


def numbers() -> str:
    """The other numbers of a call."""
    rows = (
        ("How far a `standard` wait may be off, by chance", f"{JITTER:.0%}"),
        ("The longest wait that a Retry-After header gets", duration(RETRY_AFTER_MAX_MS)),
        ("The longest wait of `rocketchat`", f"{duration(ROCKETCHAT_MAX_MS)}, 2^31 - 1 ms"),
        *((f"Time for a call under `{policy}`", duration(time)) for policy, time in TIMEOUT_MS.items()),
        ("Time that a script may ask for", f"1 ms to {duration(LONGEST_TIMEOUT_MS)}"),
    )
    return _table(("What", "How much"), rows)


def step_table(steps: Mapping[str, tuple[Ending | None, str]]) -> str:
    """What each step means, and whether it is the last."""
    rows = ((f"`{step}`", ending or "", meaning) for step, (ending, meaning) in steps.items())
    return _table(("Step", "End", "Meaning"), rows)


def duration(ms: int) -> str:
    """A time in hours, minutes and seconds; in milliseconds below one second."""
    if 0 < ms < SECOND:
        return f"{ms} ms"
    parts = []
    for unit, name in ((HOUR, "h"), (MINUTE, "min"), (SECOND, "s")):
        count, ms = divmod(ms, unit)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts) or "0"


def _said(policy: Policy, answer: Answer | ErrorKind, verdict: Verdict | None) -> str:
    outcome: Outcome = classify(policy, CONFIGURED, 1, answer, verdict, random=0.5)
    said = "tried again" if outcome.state == "retry" else outcome.state
    return f"{said}, integration disabled" if outcome.disable else said


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
