"""The record of a call, as `integrations.history` shows it: every step overwrites the one before (spec/06 B5)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, get_args

import msgspec

from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.integrations.mask import Mask
from strongback.webhooks.classify import ErrorKind, Outcome

Ending = Literal["finished", "error"]
"""The member that says that a record goes no further, and how it went."""

ENDINGS: tuple[Ending, ...] = get_args(Ending)

KEPT_BYTES = 20_000
"""How much of a text, or of an object's JSON, a record keeps; of a larger object its JSON is kept as a text."""

OUTGOING_STEPS: Mapping[str, tuple[Ending | None, str]] = {
    "start-execute-trigger-url": (None, "the attempt begins"),
    "mapped-args-to-data": (None, "`data` holds what the receiver is told"),
    "execute-script-getting-script": (None, "the script is looked up"),
    "execute-script-no-method-<method>": (None, "the script has no such method; its default applies"),
    "execute-script-before-running-<method>": (None, "the method runs"),
    "execute-script-error-running-<method>": ("error", "the method failed; `errorStack` says why"),
    "after-maybe-ran-prepare": (None, "the request is made, by the script if there is one"),
    "after-prepare-no-opts": ("finished", "the script returned nothing, so nothing is sent"),
    "after-prepare-send-message": (None, "the script's `message` is posted"),
    "after-prepare-no-url_or_method": (
        "finished",
        "the script left out `url` or `method`, so nothing is sent",
    ),
    "pre-http-call": (None, "the request goes out"),
    "after-http-call": (None, "`httpResult` holds the answer, or `httpError` why there is none"),
    "after-process-send-message": ("finished", "the script made a message of the answer, and it is posted"),
    "after-process-false-result": ("finished", "the script returned false: nothing is posted"),
    "after-process-http-status-410": ("error", "the receiver is gone; the integration is disabled"),
    "after-process-http-status-500": ("error", "the receiver failed; not tried again (`rocketchat`)"),
    "going-to-retry-<n>": ("error", "attempt n failed, another follows with a record of its own"),
    "failed-and-retry-delay-is-invalid": ("error", "`retryDelay` is none that is known (`rocketchat`)"),
    "too-many-retries": ("error", "the last attempt failed"),
    "failed-and-not-configured-to-retry": ("error", "such an answer is not tried again"),
    "url-response-sent-message": ("finished", "the answer held a message, and it is posted"),
}
INCOMING_STEPS: Mapping[str, tuple[Ending | None, str]] = {
    "received": (None, "`data` holds the body of the call"),
    "script-ran": (None, "the script is done; finished where it wanted nothing posted"),
    "posted": ("finished", "`resultMessage` holds what was posted"),
    "refused": ("error", "`errorStack` says why nothing was posted"),
}
STEPS: Mapping[str, tuple[Ending | None, str]] = {**OUTGOING_STEPS, **INCOMING_STEPS}
SENT_MEMBERS: Mapping[str, str] = {
    "after-prepare-send-message": "prepareSentMessage",
    "after-process-send-message": "processSentMessage",
    "url-response-sent-message": "resultMessage",
    "posted": "resultMessage",
}
"""By step, the member that holds the messages posted in it, as `{channel, message}` each."""


class Record:
    """The history of one call; the integration itself stands in it by its id alone.

    `document` may be stored after any step. No member shows the integration's token.
    """

    def __init__(self, document: Document, token: str | None) -> None:
        self.document = document
        self._mask = _mask(token)

    @classmethod
    def outgoing(
        cls, id: str, integration_id: str, token: str | None, event: str, now: int, *, delivery_id: str
    ) -> "Record":
        """Begin the record of one attempt to tell a URL of an event."""
        record = cls(_document(id, "outgoing-webhook", integration_id, now), token)
        record.move("start-execute-trigger-url", now, {"event": event, "deliveryId": delivery_id})
        return record

    @classmethod
    def incoming(cls, id: str, integration_id: str, token: str | None, content: Any, now: int) -> "Record":
        """Begin the record of a call of a hook, with the body as it was parsed."""
        record = cls(_document(id, "incoming-webhook", integration_id, now), token)
        record.move("received", now, {"data": content})
        return record

    def move(
        self, step: str, now: int, members: Mapping[str, Any] | None = None, *, ending: Ending | None = None
    ) -> None:
        """Go to a step, and set members; `ending` where it is the last and not every such step is."""
        document = self.document
        document.set("step", step)
        for name, value in (members or {}).items():
            document.set(name, _kept(self._mask(value)))
        for name in ENDINGS:
            document.body.pop(name, None)
        ending = ending or ending_of(step)
        if ending is not None:
            document.set(ending, True)
        document.set_date("_updatedAt", now)

    def mapped(self, data: Mapping[str, Any], trigger_word: str | None, now: int) -> None:
        """Keep what the receiver is told."""
        word = {} if trigger_word is None else {"triggerWord": trigger_word}
        self.move("mapped-args-to-data", now, {"data": dict(data), **word})
        document, kept = self.document, self.document.body["data"]
        timestamp = kept.get("timestamp") if isinstance(kept, dict) else None
        if isinstance(timestamp, str) and parse_date(timestamp) is not None:
            document.dates = (*document.dates, ("data", "timestamp"))

    def prepared(self, now: int) -> None:
        """Say that the request is made; true without a script too, as upstream."""
        self.move("after-maybe-ran-prepare", now, {"ranPrepareScript": True})

    def printed(self, lines: Sequence[str], now: int) -> None:
        """Keep what the script wrote to its console, after what it wrote before."""
        if lines:
            kept = self.document.body.get("scriptConsole", [])
            self.move(self.document.body["step"], now, {"scriptConsole": [*kept, *lines]})

    def script_failed(self, method: str, reason: str, now: int) -> None:
        """Keep why a method of the script failed."""
        self.move(f"execute-script-error-running-{method}", now, {"errorStack": reason})

    def calling(self, url: str, body: bytes | None, now: int) -> None:
        """Keep what goes out, just before it does."""
        sent = {} if body is None else {"httpCallData": _readable(body)}
        self.move("pre-http-call", now, {"url": url, **sent})

    def answered(self, text: str, now: int) -> None:
        """Keep the text of the answer; `httpResult` is JSON, so that its quotes are doubled, as upstream."""
        kept = _cut(self._mask(text))
        self.move("after-http-call", now)
        self.document.set("httpResult", msgspec.json.encode(kept).decode())

    def unanswered(self, kind: ErrorKind, reason: str, now: int) -> None:
        """Keep why there was no answer."""
        self.move("after-http-call", now, {"httpError": {"code": kind, "message": reason}})

    def ended(self, outcome: Outcome, now: int) -> None:
        """Go to the end that the outcome names, with its reason where it is no success; a reply may come before."""
        if outcome.state == "delivered":
            step: str = self.document.body["step"]
            self.move(step if ending_of(step) == "finished" else outcome.step, now, ending="finished")
        elif outcome.state == "cancelled":
            self.move(outcome.step, now)
        else:
            self.move(outcome.step, now, {"errorStack": outcome.reason}, ending="error")

    def sent(self, step: str, messages: Sequence[Mapping[str, Any]], now: int) -> None:
        """Go to a step that posts messages, and keep them as `{channel, message}`."""
        self.move(step, now, {SENT_MEMBERS[step]: [dict(message) for message in messages]})

    def not_posted(self, reason: str, now: int) -> None:
        """Keep why a reply may not be posted; the call itself goes on."""
        self.move(self.document.body["step"], now, {"errorStack": f"the reply was not posted: {reason}"})

    def refused(self, reason: str, now: int) -> None:
        """End an incoming call that posted nothing because something was wrong with it."""
        self.move("refused", now, {"errorStack": reason})


@lru_cache(maxsize=256)
def ending_of(step: str) -> Ending | None:
    """How a record went whose last step this is; None where records go on from it, or may."""
    for name, (ending, _) in STEPS.items():
        fixed, varies, _ = name.partition("<")
        if step == name or (varies and step.startswith(fixed)):
            return ending
    return None


@lru_cache(maxsize=512)
def _mask(token: str | None) -> Mask:
    return Mask(token)


def _document(id: str, kind: str, integration_id: str, now: int) -> Document:
    document = Document(id, {"_id": id, "type": kind, "integration": {"_id": integration_id}})
    document.set_date("_createdAt", now)
    return document


def _readable(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode(errors="replace")


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, dict | list):
        text = msgspec.json.encode(value)
        if len(text) > KEPT_BYTES:
            return _cut(text.decode())
    return value


def _cut(text: str) -> str:
    """The beginning of a text, in whole characters."""
    if len(text) * 4 <= KEPT_BYTES:
        return text
    return text.encode()[:KEPT_BYTES].decode(errors="ignore")
