"""What follows from an answer, or from none: delivered, tried again, or failed (spec/06 B4).

`standard` goes by the status. `rocketchat` is upstream's rule, bug for bug. docs/delivery.md shows both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from strongback.webhooks.schedule import STANDARD_WAITS_MS, Policy, rocketchat_wait, standard_wait

ErrorKind = Literal["refused", "dns", "connect", "tls", "timeout", "reset", "protocol", "decode"]
"""Why there is no answer, as `egress` names it."""

Verdict = Literal["message", "false", "error"]
"""What process_outgoing_response did: gave a message, returned false, or failed; None for anything else."""

ERRORS: Mapping[ErrorKind, str] = {
    "refused": "its address may not be called",
    "dns": "its name was not found",
    "connect": "it took no connection",
    "tls": "its certificate or its TLS was not accepted",
    "timeout": "it did not answer in time",
    "reset": "it broke off the connection",
    "protocol": "its answer was not HTTP",
    "decode": "its answer could not be decompressed",
}
RETRIED_STATUSES = frozenset({408, 425, 429})
"""What the `standard` policy tries again beside 500 to 599."""

ROCKETCHAT_SUCCESSES = frozenset({200, 201, 202})
VERDICT_STEPS: Mapping[Verdict, str] = {
    "message": "after-process-send-message",
    "false": "after-process-false-result",
    "error": "execute-script-error-running-process_outgoing_response",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts of a response; `retry_after` is the wait in milliseconds that it asks for."""

    status: int
    empty: bool
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a delivery after an attempt.

    `step` is where its history ends, `wait` the milliseconds until the next attempt of a `retry`; `cancelled` is what
    the script did not want to send. `disable` says that the integration is to be disabled, `reason` says why in a
    sentence.
    """

    state: Literal["delivered", "retry", "failed", "cancelled"]
    step: str
    reason: str
    wait: int | None = None
    disable: bool = False


def classify(
    policy: Policy,
    body: Mapping[str, Any],
    attempt: int,
    answer: Answer | ErrorKind,
    verdict: Verdict | None = None,
    *,
    random: float,
) -> Outcome:
    """The outcome of an attempt (the first is 1) of an integration, whose document is `body`.

    A script that fails turns a success into a failure, for its reply is lost; the receiver has the request, so it is
    not sent again. `random` is a number from 0 to 1.
    """
    if policy == "standard":
        outcome = _standard(attempt, answer, verdict, random)
    else:
        outcome = _rocketchat(body, attempt, answer, verdict)
    if verdict == "error" and outcome.state == "delivered":
        return Outcome("failed", VERDICT_STEPS["error"], f"{outcome.reason}, but the script failed")
    return outcome


def _standard(attempt: int, answer: Answer | ErrorKind, verdict: Verdict | None, random: float) -> Outcome:
    what = _what(answer)
    if not isinstance(answer, Answer):
        if answer == "refused":
            return Outcome("failed", "after-http-call", f"{what}: not tried again")
        return _standard_retry(attempt, what, None, random)
    if 200 <= answer.status <= 299:
        return _delivered(what, verdict)
    if answer.status == 410:
        return _gone(what)
    if answer.status in RETRIED_STATUSES or 500 <= answer.status <= 599:
        return _standard_retry(attempt, what, answer.retry_after, random)
    return Outcome("failed", "failed-and-not-configured-to-retry", f"{what}: not tried again")


def _standard_retry(attempt: int, what: str, retry_after: int | None, random: float) -> Outcome:
    wait = standard_wait(attempt, random, retry_after)
    return _retry(what, attempt, len(STANDARD_WAITS_MS), wait)


def _rocketchat(
    body: Mapping[str, Any], attempt: int, answer: Answer | ErrorKind, verdict: Verdict | None
) -> Outcome:
    what = _what(answer)
    if not isinstance(answer, Answer):
        return Outcome("failed", "after-http-call", f"{what}: not tried again")
    if verdict in ("message", "false"):
        return _delivered(what, verdict)
    if not answer.empty:
        if answer.status in ROCKETCHAT_SUCCESSES:
            return _delivered(what, verdict)
        if answer.status == 410:
            return _gone(what)
        if answer.status == 500:
            return Outcome("failed", "after-process-http-status-500", f"{what}: not tried again")
    elif answer.status in ROCKETCHAT_SUCCESSES:
        what = f"{what} and nothing else"
    return _rocketchat_retry(body, attempt, what)


def _rocketchat_retry(body: Mapping[str, Any], attempt: int, what: str) -> Outcome:
    if not body.get("retryFailedCalls"):
        reason = f"{what}: retryFailedCalls is not set, so not tried again"
        return Outcome("failed", "failed-and-not-configured-to-retry", reason)
    tries, delay = attempt - 1, body.get("retryDelay")
    if tries >= _count(body.get("retryCount")) or not delay:
        return _retry(what, attempt, attempt, None)
    wait = rocketchat_wait(str(delay), tries)
    if wait is None:
        return Outcome(
            "failed", "failed-and-retry-delay-is-invalid", f"{what}: retryDelay is not one of three"
        )
    return _retry(what, attempt, int(_count(body["retryCount"])) + 1, wait)


def _retry(what: str, attempt: int, attempts: int, wait: int | None) -> Outcome:
    if wait is None:
        return Outcome("failed", "too-many-retries", f"{what}: attempt {attempt} was the last")
    reason = f"{what}: attempt {attempt + 1} of {attempts} follows"
    return Outcome("retry", f"going-to-retry-{attempt}", reason, wait)


def _delivered(what: str, verdict: Verdict | None) -> Outcome:
    return Outcome("delivered", VERDICT_STEPS[verdict] if verdict else "after-http-call", what)


def _gone(what: str) -> Outcome:
    reason = f"{what}: the integration is disabled"
    return Outcome("failed", "after-process-http-status-410", reason, disable=True)


def _what(answer: Answer | ErrorKind) -> str:
    if isinstance(answer, Answer):
        return f"the receiver answered {answer.status}"
    return f"the receiver was not reached: {ERRORS[answer]}"


def _count(value: Any) -> float:
    return value if isinstance(value, int | float) else 0
