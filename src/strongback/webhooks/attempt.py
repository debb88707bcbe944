"""One attempt to deliver: prepare the request, send it, read the answer (spec/06 B3 and B4)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from strongback import ids, metrics
from strongback.egress.contract import EgressError, Request, Response
from strongback.errors import Unavailable
from strongback.faults import reach
from strongback.scripts.contract import ScriptError
from strongback.storage.changes import Changes
from strongback.storage.deliveries import Delivery, StoredEvent
from strongback.storage.steps import PutRequest
from strongback.webhooks import request as requests
from strongback.webhooks import sign
from strongback.webhooks.answer import Reading, read
from strongback.webhooks.classify import Answer, ErrorKind, Outcome, classify
from strongback.webhooks.dispatcher import Slot
from strongback.webhooks.outgoing import Attempt, Parts
from strongback.webhooks.replies import Reply
from strongback.webhooks.schedule import policy, retry_after, timeout_ms
from strongback.webhooks.script import script_of
from strongback.webhooks.script_fetch import script_fetch
from strongback.webhooks.settle import add_reply, commit, settle, settle_unsent
from strongback.webhooks.steps import Record

PREPARE = "prepare_outgoing_request"
SIGNED = frozenset({sign.ID, sign.TIMESTAMP, sign.SIGNATURE, "webhook-replay"})
"""Headers that no script may write."""
BUSY_WAIT_MS = 60_000
"""How long a delivery waits whose script found no place to run, or that the server can not prepare now."""
NOT_NOW = "the server could not send it: the log says why"
HELD_UP = "the worker was held up for longer than it may keep a delivery"
INTERNAL = "an error of the server itself: the log says more"

_log = structlog.get_logger("strongback.webhooks")


async def attempt(parts: Parts, delivery: Delivery, event: StoredEvent, slot: Slot) -> None:
    """Try once to deliver; whatever happens, the delivery is settled when this returns."""
    try:
        await _attempt(parts, delivery, event, slot)
    except Unavailable as error:
        slot.free()
        metrics.UNAVAILABLE["deliveries"].inc()
        _log.warning("a delivery has to wait", delivery=delivery.id, reason=str(error))
        await settle_unsent(parts, delivery, "pending", NOT_NOW, wait=BUSY_WAIT_MS)
    except Exception:
        slot.free()
        _log.exception("a delivery failed in a way that it should not", delivery=delivery.id)
        await settle_unsent(parts, delivery, "failed", INTERNAL)


async def _attempt(parts: Parts, delivery: Delivery, event: StoredEvent, slot: Slot) -> None:
    stored = await parts.store.get("integrations", delivery.integration_id)
    if stored is None:
        return  # its removal has cancelled the delivery
    now = parts.clock()
    integration = stored.decode()
    body = integration.body
    reason = await _unwanted(parts, delivery, event, body)
    if reason is not None:
        await settle_unsent(parts, delivery, "cancelled", reason)
        return
    token = body.get("token") if isinstance(body.get("token"), str) else None
    record = Record.outgoing(
        ids.ordered_id(now), integration.id, token, event.kind, now, delivery_id=delivery.id
    )
    one = Attempt(delivery, event, stored, integration, record)
    outcome = await _prepare(parts, one)
    if outcome is not None and outcome.state == "retry":  # nothing was tried, which takes no attempt
        await settle_unsent(parts, delivery, "pending", outcome.reason, wait=outcome.wait or 0)
        return
    if outcome is None:
        outcome = await _exchange(parts, one, slot)
    if outcome is None:
        await settle_unsent(parts, delivery, "pending", HELD_UP)
        return
    slot.free()
    await settle(parts, one, outcome)


async def _unwanted(
    parts: Parts, delivery: Delivery, event: StoredEvent, body: Mapping[str, Any]
) -> str | None:
    """Why a delivery is to be cancelled: what is owed follows the integration as it is now. A replay was asked for."""
    if body.get("enabled") is not True:
        return "the integration is disabled"
    if delivery.replay:
        return None
    if delivery.url not in (body.get("urls") or ()):
        return "the integration no longer calls this URL"
    waited = delivery.attempts > 1  # time enough for the room to go
    if waited and event.rid is not None and await parts.store.get("rooms", event.rid) is None:
        return "the room is gone"
    return None


async def _prepare(parts: Parts, one: Attempt) -> Outcome | None:
    """Make the request, or take the one that an earlier attempt made; an outcome where nothing is to be sent."""
    record, delivery = one.record, one.delivery
    data = one.data
    record.mapped(data, delivery.trigger_word, parts.clock())
    try:
        one.script = script_of(one.integration, parts.scripts_disabled)
        if delivery.request is not None and (
            delivery.replay or delivery.request_revision == one.stored.revision
        ):
            one.request = requests.decode(delivery.request)
        else:
            options: Any = requests.default_request(delivery.url, data)
            if one.script is not None:
                run = await parts.scripts.run(
                    one.script, PREPARE, {"request": options}, script_fetch(parts.egress)
                )
                record.printed(run.console, parts.clock())
                options = options if run.absent else run.value
            one.request = requests.prepared(options)
    except ScriptError as error:
        record.printed(error.console, parts.clock())
        record.script_failed(PREPARE, str(error), parts.clock())
        return _script_outcome(error)
    record.prepared(parts.clock())
    if one.request.message is not None:
        await _post_at_once(parts, one)
    if one.request.error is not None:
        return Outcome("failed", requests.NO_OPTIONS, one.request.error)
    if one.request.stop is not None:
        return Outcome("cancelled", one.request.stop, "the script sent nothing")
    return None


def _script_outcome(error: ScriptError) -> Outcome:
    """A script that could not run now may run later; one that fails would fail again."""
    step = f"execute-script-error-running-{PREPARE}"
    if error.kind in ("busy", "resting"):
        return Outcome("retry", step, f"the script has to wait: {error}", wait=BUSY_WAIT_MS)
    return Outcome("failed", step, f"the script failed: {error}")


async def _post_at_once(parts: Parts, one: Attempt) -> None:
    """Post what the script says before it sends; the request is kept with it, so that a retry does not post again."""
    reply = Reply("after-prepare-send-message", one.request.message)
    kept = replace(one.request, message=None)

    async def build() -> Changes:
        changes = one.held
        await add_reply(parts, changes, one, reply)
        changes.steps.append(PutRequest(one.delivery.id, requests.encode(kept), one.stored.revision))
        return changes

    await commit(parts.store, build)
    one.request = kept


async def _exchange(parts: Parts, one: Attempt, slot: Slot) -> Outcome | None:
    """Send the request and read the answer; None where another worker may be sending it by now."""
    request, record = one.request, one.record
    chosen = policy(one.integration.body)
    record.calling(request.url, request.body, parts.clock())
    signature = await _signature(parts, one)
    headers = {name: value for name, value in request.headers if name.lower() not in SIGNED} | signature
    wait = timeout_ms(chosen, request.timeout_ms)
    answer: Answer | ErrorKind
    reading = Reading()
    if not slot.held():
        return None
    try:
        response = await parts.egress.send(Request(request.method, request.url, headers, request.body, wait))
    except EgressError as error:
        record.unanswered(error.kind, str(error), parts.clock())
        slot.free(healthy=None if error.kind == "refused" else False)
        answer = error.kind
    else:
        reach("after-response")
        slot.free(healthy=response.status < 500 and response.status != 429)
        answer = _answer(response, parts.clock())
        text = response.body.decode("utf-8", "replace")
        record.answered(text, parts.clock())
        reading = await read(parts, one, response, text)
    outcome = classify(
        chosen, one.integration.body, one.delivery.attempts, answer, reading.verdict, random=parts.random()
    )
    if outcome.state != "retry" and (reading.verdict == "message" or outcome.state == "delivered"):
        one.reply = reading.reply
    return outcome


def _answer(response: Response, now: int) -> Answer:
    return Answer(response.status, not response.body, retry_after(response.headers.get("retry-after"), now))


async def _signature(parts: Parts, one: Attempt) -> dict[str, str]:
    """The headers by which a receiver knows a delivery again; signed where the integration has a secret."""
    event_id, _, number = one.delivery.id.partition(".")
    id, now = f"msg_{event_id}_{number.partition('.')[0]}", parts.clock() // 1000
    replayed = {"webhook-replay": str(one.delivery.replay)} if one.delivery.replay else {}
    sealed = await parts.store.secret(one.integration.id)
    if sealed is None:
        return {sign.ID: id, sign.TIMESTAMP: str(now)} | replayed
    key = sign.parse_secret(parts.secrets.unseal(one.integration.id, sealed))
    return sign.sign(key, id, now, one.request.body or b"") | replayed
