"""The record of a call, step by step, as spec/06 B5 lists its members."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.webhooks.classify import Answer, ErrorKind, Verdict, classify
from strongback.webhooks.steps import (
    INCOMING_STEPS,
    KEPT_BYTES,
    OUTGOING_STEPS,
    SENT_MEMBERS,
    STEPS,
    Record,
    ending_of,
)

TOKEN = "s3cret-token-wxyz"
SHOWN = "*************wxyz"
T0, T1 = 1_700_000_000_123, 1_700_000_001_123
T0_TEXT, T1_TEXT = "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:21.123Z"
DATA = {"token": TOKEN, "bot": False, "timestamp": T0_TEXT, "text": "!gif party"}


def started() -> Record:
    return Record.outgoing("h1", "i1", TOKEN, "sendMessage", T0, delivery_id="e1.0")


def incoming(content: Any) -> Record:
    return Record.incoming("h1", "i1", TOKEN, content, T0)


def end(record: Record, answer: Answer | ErrorKind, verdict: Verdict | None = None) -> dict[str, Any]:
    record.ended(classify("standard", {}, 1, answer, verdict, random=0.5), T1)
    return record.document.body


def test_the_beginning() -> None:
    document = started().document
    assert document.id == "h1"
    assert document.body == {
        "_id": "h1",
        "type": "outgoing-webhook",
        "integration": {"_id": "i1"},
        "_createdAt": T0_TEXT,
        "step": "start-execute-trigger-url",
        "event": "sendMessage",
        "deliveryId": "e1.0",
        "_updatedAt": T0_TEXT,
    }
    assert set(document.dates) == {("_createdAt",), ("_updatedAt",)}


def test_a_call_that_is_delivered_and_answered() -> None:
    record = started()
    record.mapped(DATA, "!gif", T0)
    record.prepared(T0)
    record.calling("https://hooks.example/in", json.dumps(DATA).encode(), T0)
    record.answered('{"text":"hi"}', T1)
    record.sent("url-response-sent-message", [{"channel": "r1", "message": {"_id": "m2"}}], T1)
    kept = DATA | {"token": SHOWN}
    assert end(record, Answer(200, empty=False)) == {
        "_id": "h1",
        "type": "outgoing-webhook",
        "integration": {"_id": "i1"},
        "_createdAt": T0_TEXT,
        "step": "url-response-sent-message",
        "event": "sendMessage",
        "deliveryId": "e1.0",
        "data": kept,
        "triggerWord": "!gif",
        "ranPrepareScript": True,
        "url": "https://hooks.example/in",
        "httpCallData": kept,
        "httpResult": '"{\\"text\\":\\"hi\\"}"',
        "resultMessage": [{"channel": "r1", "message": {"_id": "m2"}}],
        "finished": True,
        "_updatedAt": T1_TEXT,
    }
    assert set(record.document.dates) == {("_createdAt",), ("_updatedAt",), ("data", "timestamp")}


def test_a_timestamp_that_is_no_date_is_a_text() -> None:
    for timestamp in ("yesterday", 5, None):
        record = started()
        record.mapped(DATA | {"timestamp": timestamp}, None, T0)
        assert ("data", "timestamp") not in record.document.dates
        assert "triggerWord" not in record.document.body


def test_ends() -> None:
    delivered = end(started(), Answer(204, empty=True))
    assert (delivered["step"], delivered["finished"]) == ("after-http-call", True)
    assert "error" not in delivered
    assert "errorStack" not in delivered
    failed = end(started(), Answer(404, empty=True))
    assert failed["step"] == "failed-and-not-configured-to-retry"
    assert failed["errorStack"] == "the receiver answered 404: not tried again"
    assert failed["error"] is True
    assert "finished" not in failed
    again = end(started(), Answer(503, empty=True))
    assert (again["step"], again["error"]) == ("going-to-retry-1", True)


def test_a_reply_to_a_failure_is_no_end() -> None:
    record = started()
    record.sent("after-process-send-message", [{"channel": "r1", "message": {}}], T0)
    assert record.document.body["finished"] is True
    body = end(record, Answer(503, empty=True), "message")
    assert (body["step"], body["error"], "finished" in body) == ("going-to-retry-1", True, False)
    assert body["processSentMessage"] == [{"channel": "r1", "message": {}}]


def test_the_end_may_come_before_the_reply() -> None:
    record = started()
    end(record, Answer(200, empty=False))
    record.sent("url-response-sent-message", [], T1)
    assert record.document.body["step"] == "url-response-sent-message"
    assert record.document.body["finished"] is True


@pytest.mark.parametrize(("step", "member"), SENT_MEMBERS.items())
def test_messages_sent(step: str, member: str) -> None:
    record = started()
    record.sent(step, [{"channel": "r1", "message": {"msg": f"token {TOKEN}"}}], T1)
    assert record.document.body["step"] == step
    assert record.document.body[member] == [{"channel": "r1", "message": {"msg": f"token {SHOWN}"}}]


def test_no_answer() -> None:
    record = started()
    record.unanswered("dns", f"The host of https://{TOKEN}.example has no address.", T1)
    body = end(record, "dns")
    assert body["httpError"] == {
        "code": "dns",
        "message": f"The host of https://{SHOWN}.example has no address.",
    }
    assert "httpResult" not in body
    assert body["error"] is True


@pytest.mark.parametrize("method", ["prepare_outgoing_request", "process_outgoing_response"])
def test_a_script_that_fails(method: str) -> None:
    record = started()
    record.script_failed(method, f"TypeError: {TOKEN} is not a function", T1)
    body = record.document.body
    assert body["step"] == f"execute-script-error-running-{method}"
    assert body["errorStack"] == f"TypeError: {SHOWN} is not a function"
    assert body["error"] is True


def test_a_script_that_sends_nothing() -> None:
    record = started()
    record.move("after-prepare-no-opts", T1)
    assert record.document.body["finished"] is True


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b'{"a":1}', {"a": 1}),
        (b"a=b", "a=b"),
        (b"\xff", "\ufffd"),
        (b'"text"', "text"),
        (f"token={TOKEN}".encode(), f"token={SHOWN}"),
    ],
)
def test_what_was_sent(sent: bytes, kept: Any) -> None:
    record = started()
    record.calling(f"https://hooks.example/{TOKEN}", sent, T1)
    assert record.document.body["httpCallData"] == kept
    assert record.document.body["url"] == f"https://hooks.example/{SHOWN}"


def test_nothing_was_sent() -> None:
    record = started()
    record.calling("https://hooks.example/in", None, T1)
    assert "httpCallData" not in record.document.body


def test_an_echo_shows_no_token() -> None:
    record = started()
    record.answered(json.dumps(DATA), T1)
    assert TOKEN not in record.document.body["httpResult"]
    assert json.loads(json.loads(record.document.body["httpResult"]))["token"] == SHOWN


@given(st.text(max_size=50), st.integers(0, 30_000))
def test_texts_are_cut(ending: str, length: int) -> None:
    record = started()
    text = "x" * length + "é" + ending
    record.answered(text, T1)
    kept = json.loads(record.document.body["httpResult"])
    assert text.startswith(kept)
    whole = len(text.encode())
    assert (
        len(kept.encode()) == whole
        if whole <= KEPT_BYTES
        else KEPT_BYTES - 3 <= len(kept.encode()) <= KEPT_BYTES
    )


@pytest.mark.parametrize(
    ("text", "length"),
    [("x" * (KEPT_BYTES - 1) + "é", KEPT_BYTES - 1), ("🚀" * 6_000, 5_000), ("🚀" * 5_000, 5_000)],
)
def test_cuts_are_in_bytes_and_between_characters(text: str, length: int) -> None:
    record = started()
    record.answered(text, T1)
    assert json.loads(record.document.body["httpResult"]) == text[:length]


def test_a_large_object_is_kept_as_the_beginning_of_its_json() -> None:
    content = {"text": "x" * KEPT_BYTES}
    kept = incoming(content).document.body["data"]
    assert kept == '{"text":"' + "x" * (KEPT_BYTES - 9)
    assert incoming({"text": "x" * (KEPT_BYTES - 11)}).document.body["data"] == {
        "text": "x" * (KEPT_BYTES - 11)
    }


def test_a_cut_does_not_cut_a_mask_open() -> None:
    record = started()
    record.answered("x" * (KEPT_BYTES - 10) + TOKEN, T1)
    assert TOKEN[:10] not in record.document.body["httpResult"]


def test_an_incoming_call() -> None:
    record = incoming({"text": "hi", "token": "other-secret"})
    record.move("script-ran", T0)
    record.sent("posted", [{"channel": "r1", "message": {"_id": "m1"}}], T1)
    assert record.document.body == {
        "_id": "h1",
        "type": "incoming-webhook",
        "integration": {"_id": "i1"},
        "_createdAt": T0_TEXT,
        "step": "posted",
        "data": {"text": "hi", "token": "********cret"},
        "resultMessage": [{"channel": "r1", "message": {"_id": "m1"}}],
        "finished": True,
        "_updatedAt": T1_TEXT,
    }


def test_an_incoming_call_that_posts_nothing() -> None:
    quiet = incoming({})
    quiet.move("script-ran", T1, ending="finished")
    assert quiet.document.body["finished"] is True
    refused = incoming({})
    refused.refused("invalid-channel", T1)
    body = refused.document.body
    assert (body["step"], body["error"], body["errorStack"]) == ("refused", True, "invalid-channel")


def test_the_steps_are_those_of_the_specification() -> None:
    assert set(OUTGOING_STEPS) == set(
        """start-execute-trigger-url mapped-args-to-data execute-script-getting-script
        execute-script-no-method-<method> execute-script-before-running-<method>
        execute-script-error-running-<method> after-maybe-ran-prepare after-prepare-no-opts after-prepare-send-message
        after-prepare-no-url_or_method pre-http-call after-http-call after-process-send-message
        after-process-false-result after-process-http-status-410 after-process-http-status-500 going-to-retry-<n>
        failed-and-retry-delay-is-invalid too-many-retries failed-and-not-configured-to-retry
        url-response-sent-message""".split()
    )
    assert set(INCOMING_STEPS) == {"received", "script-ran", "posted", "refused"}


@pytest.mark.parametrize("step", STEPS)
def test_endings(step: str) -> None:
    assert ending_of(step) == STEPS[step][0]
    assert (
        ending_of(step.replace("<method>", "process_outgoing_response").replace("<n>", "12"))
        == STEPS[step][0]
    )


def test_an_unknown_step_ends_nothing() -> None:
    assert ending_of("resting") is None
    assert ending_of("") is None


ANSWERS = st.builds(Answer, status=st.integers(200, 599), empty=st.booleans()) | st.just("timeout")


@given(
    st.sampled_from(["standard", "rocketchat"]), ANSWERS, st.sampled_from([None, "message", "false", "error"])
)
def test_every_outcome_ends_a_record_at_a_step_that_is_documented(
    policy: Any, answer: Any, verdict: Any
) -> None:
    record = started()
    outcome = classify(
        policy, {"retryFailedCalls": True, "retryCount": 1, "retryDelay": "x"}, 1, answer, verdict, random=0
    )
    record.ended(outcome, T1)
    body = record.document.body
    assert ("finished" in body) != ("error" in body)
    assert any(body["step"].startswith(step.partition("<")[0]) for step in OUTGOING_STEPS)
