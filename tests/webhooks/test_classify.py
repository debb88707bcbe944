"""What follows from an answer: upstream's table row by row, the standard policy beside it."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.webhooks.classify import ERRORS, Answer, ErrorKind, Outcome, Verdict, classify

RETRYING = {"retryFailedCalls": True, "retryCount": 3, "retryDelay": "powers-of-ten"}
NOT_CONFIGURED = "failed-and-not-configured-to-retry"


def standard(answer: Answer | ErrorKind, verdict: Verdict | None = None, attempt: int = 1) -> Outcome:
    return classify("standard", {}, attempt, answer, verdict, random=0.5)


def rocketchat(
    answer: Answer | ErrorKind, verdict: Verdict | None = None, attempt: int = 1, **changes: Any
) -> Outcome:
    return classify("rocketchat", RETRYING | changes, attempt, answer, verdict, random=0.5)


def full(status: int) -> Answer:
    return Answer(status, empty=False)


def empty(status: int) -> Answer:
    return Answer(status, empty=True)


def in_short(outcome: Outcome) -> tuple[str, str, int | None, bool]:
    return outcome.state, outcome.step, outcome.wait, outcome.disable


@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_rocketchat_never_retries_network_errors(kind: ErrorKind) -> None:
    assert in_short(rocketchat(kind)) == ("failed", "after-http-call", None, False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (full(200), ("delivered", "after-http-call", None, False)),
        (full(201), ("delivered", "after-http-call", None, False)),
        (full(202), ("delivered", "after-http-call", None, False)),
        (empty(200), ("retry", "going-to-retry-1", 100, False)),
        (empty(201), ("retry", "going-to-retry-1", 100, False)),
        (full(203), ("retry", "going-to-retry-1", 100, False)),
        (empty(204), ("retry", "going-to-retry-1", 100, False)),
        (full(302), ("retry", "going-to-retry-1", 100, False)),
        (full(404), ("retry", "going-to-retry-1", 100, False)),
        (empty(404), ("retry", "going-to-retry-1", 100, False)),
        (full(429), ("retry", "going-to-retry-1", 100, False)),
        (full(410), ("failed", "after-process-http-status-410", None, True)),
        (empty(410), ("retry", "going-to-retry-1", 100, False)),
        (full(500), ("failed", "after-process-http-status-500", None, False)),
        (empty(500), ("retry", "going-to-retry-1", 100, False)),
        (full(502), ("retry", "going-to-retry-1", 100, False)),
        (full(503), ("retry", "going-to-retry-1", 100, False)),
        (Answer(503, empty=False, retry_after=60_000), ("retry", "going-to-retry-1", 100, False)),
    ],
)
def test_rocketchat_answers(answer: Answer, expected: tuple[str, str, int | None, bool]) -> None:
    assert in_short(rocketchat(answer)) == expected


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"retryFailedCalls": False}, NOT_CONFIGURED),
        ({"retryFailedCalls": None}, NOT_CONFIGURED),
        ({"retryCount": 0}, "too-many-retries"),
        ({"retryCount": None}, "too-many-retries"),
        ({"retryCount": "many"}, "too-many-retries"),
        ({"retryDelay": None}, "too-many-retries"),
        ({"retryDelay": ""}, "too-many-retries"),
        ({"retryDelay": "powers-of-three"}, "failed-and-retry-delay-is-invalid"),
    ],
)
def test_rocketchat_without_retries(changes: dict[str, Any], step: str) -> None:
    assert in_short(rocketchat(full(503), **changes)) == ("failed", step, None, False)


def test_rocketchat_counts_retries() -> None:
    outcomes = [rocketchat(full(503), attempt=attempt) for attempt in (1, 2, 3, 4, 5)]
    assert [(outcome.step, outcome.wait) for outcome in outcomes] == [
        ("going-to-retry-1", 100),
        ("going-to-retry-2", 1_000),
        ("going-to-retry-3", 10_000),
        ("too-many-retries", None),
        ("too-many-retries", None),
    ]


@pytest.mark.parametrize("answer", [full(200), empty(200), full(410), full(500), full(503), empty(404)])
@pytest.mark.parametrize(
    ("verdict", "step"),
    [("message", "after-process-send-message"), ("false", "after-process-false-result")],
)
def test_rocketchat_lets_the_script_decide(answer: Answer, verdict: Verdict, step: str) -> None:
    assert in_short(rocketchat(answer, verdict)) == ("delivered", step, None, False)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("refused", ("failed", "after-http-call", None, False)),
        *((kind, ("retry", "going-to-retry-1", 5_000, False)) for kind in ERRORS if kind != "refused"),
    ],
)
def test_standard_network_errors(kind: ErrorKind, expected: tuple[str, str, int | None, bool]) -> None:
    assert in_short(standard(kind)) == expected


@pytest.mark.parametrize("answer", [full(200), empty(200), full(201), empty(204), full(226), empty(299)])
def test_standard_successes(answer: Answer) -> None:
    assert in_short(standard(answer)) == ("delivered", "after-http-call", None, False)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_standard_retries(status: int) -> None:
    for answer in (full(status), empty(status)):
        assert in_short(standard(answer)) == ("retry", "going-to-retry-1", 5_000, False)


@pytest.mark.parametrize(
    "status", [100, 199, 300, 302, 304, 400, 401, 403, 404, 407, 409, 411, 422, 499, 600]
)
def test_standard_gives_up_at_once(status: int) -> None:
    for answer in (full(status), empty(status)):
        assert in_short(standard(answer)) == ("failed", NOT_CONFIGURED, None, False)


def test_standard_410_disables() -> None:
    for answer in (full(410), empty(410)):
        for verdict in (None, *get_args(Verdict)):
            expected = ("failed", "after-process-http-status-410", None, True)
            assert in_short(standard(answer, verdict)) == expected


def test_standard_honours_retry_after() -> None:
    assert standard(Answer(429, empty=False, retry_after=60_000)).wait == 60_000
    assert standard(Answer(503, empty=True, retry_after=10**9)).wait == 86_400_000
    assert standard(Answer(503, empty=True, retry_after=0)).wait == 5_000


@pytest.mark.parametrize("answer", [full(503), "timeout"])
def test_standard_ends_after_eight_attempts(answer: Answer | ErrorKind) -> None:
    outcomes = [standard(answer, attempt=attempt) for attempt in range(1, 10)]
    assert [outcome.state for outcome in outcomes] == ["retry"] * 7 + ["failed"] * 2
    assert [outcome.step for outcome in outcomes[:7]] == [f"going-to-retry-{n}" for n in range(1, 8)]
    assert in_short(outcomes[7]) == ("failed", "too-many-retries", None, False)


@pytest.mark.parametrize(
    ("verdict", "step"),
    [("message", "after-process-send-message"), ("false", "after-process-false-result")],
)
def test_standard_goes_by_the_status(verdict: Verdict, step: str) -> None:
    assert in_short(standard(full(200), verdict)) == ("delivered", step, None, False)
    assert in_short(standard(full(503), verdict)) == ("retry", "going-to-retry-1", 5_000, False)
    assert in_short(standard(full(404), verdict)) == ("failed", NOT_CONFIGURED, None, False)


@pytest.mark.parametrize("outcome_of", [standard, rocketchat])
def test_a_script_that_fails_takes_a_success_back(outcome_of: Any) -> None:
    step = "execute-script-error-running-process_outgoing_response"
    assert in_short(outcome_of(full(200), "error")) == ("failed", step, None, False)
    assert in_short(outcome_of(full(503), "error")) == in_short(outcome_of(full(503)))
    assert in_short(outcome_of(full(410), "error")) == in_short(outcome_of(full(410)))


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (standard(empty(204)), "the receiver answered 204"),
        (standard(full(503)), "the receiver answered 503: attempt 2 of 8 follows"),
        (standard(full(503), attempt=8), "the receiver answered 503: attempt 8 was the last"),
        (standard(full(404)), "the receiver answered 404: not tried again"),
        (standard(full(410)), "the receiver answered 410: the integration is disabled"),
        (standard("dns"), "the receiver was not reached: its name was not found: attempt 2 of 8 follows"),
        (standard(full(200), "error"), "the receiver answered 200, but the script failed"),
        (rocketchat(full(503)), "the receiver answered 503: attempt 2 of 4 follows"),
        (rocketchat(empty(200)), "the receiver answered 200 and nothing else: attempt 2 of 4 follows"),
        (
            rocketchat(full(503), retryFailedCalls=False),
            "the receiver answered 503: retryFailedCalls is not set, so not tried again",
        ),
    ],
)
def test_reasons(outcome: Outcome, reason: str) -> None:
    assert outcome.reason == reason


ANSWERS = st.builds(
    Answer,
    status=st.integers(100, 999),
    empty=st.booleans(),
    retry_after=st.none() | st.integers(0, 10**9),
) | st.sampled_from(get_args(ErrorKind))
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "retryFailedCalls": st.booleans() | st.none(),
        "retryCount": st.none() | st.integers(-1, 20) | st.floats(-1, 20) | st.just("3"),
        "retryDelay": st.none() | st.sampled_from(["", "powers-of-ten", "powers-of-two", "never"]),
    },
)


@given(
    st.sampled_from(["standard", "rocketchat"]),
    BODIES,
    st.integers(1, 30),
    ANSWERS,
    st.sampled_from([None, *get_args(Verdict)]),
    st.floats(0, 1),
)
def test_every_attempt_has_an_outcome(
    policy: Any, body: dict[str, Any], attempt: int, answer: Any, verdict: Any, random: float
) -> None:
    outcome = classify(policy, body, attempt, answer, verdict, random=random)
    assert (outcome.wait is not None) == (outcome.state == "retry")
    assert outcome.wait is None or outcome.wait > 0
    assert outcome.step.startswith("going-to-retry-") == (outcome.state == "retry")
    assert not outcome.disable or outcome.state == "failed"
    if outcome.state == "retry" and policy == "standard":
        assert attempt < 8
