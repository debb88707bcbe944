"""What an attempt leaves behind, in one commit: the delivery's state, its history, the reply, a disabled integration."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache

import structlog

from strongback import metrics
from strongback.documents.document import Stored
from strongback.errors import Conflict, Failure, Unavailable
from strongback.integrations.mask import masked_copy
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import ENDS, Delivery
from strongback.storage.guards import Held
from strongback.storage.steps import CountOutcome, PutHistory, SettleDelivery
from strongback.webhooks import request as requests
from strongback.webhooks.classify import Outcome
from strongback.webhooks.disable import add_disabling, failing_for_too_long
from strongback.webhooks.outgoing import Attempt, Parts
from strongback.webhooks.replies import Reply

PAUSES = (0.1, 0.5, 2.0)
"""Seconds between tries to record an attempt while the database can not serve; the last goes on."""

_log = structlog.get_logger("strongback.webhooks")


async def add_reply(parts: Parts, changes: Changes, one: Attempt, reply: Reply) -> None:
    """Post a reply with the changes; where that is not allowed, the history says why and the delivery stands."""
    try:
        posted = await parts.replies.add(changes, one.integration, one.event, reply.message)
    except Failure as failure:
        one.record.not_posted(failure.message, parts.clock())
    else:
        one.record.sent(reply.step, posted, parts.clock())


async def settle(parts: Parts, one: Attempt, outcome: Outcome) -> None:
    """Settle the delivery, with its history, the reply and what else follows, in one commit."""

    async def build() -> Changes:
        changes = one.held
        if one.reply is not None:
            await add_reply(parts, changes, one, one.reply)
        now = parts.clock()
        one.record.ended(outcome, now)
        changes.steps.append(_settled(one, outcome, now))
        if outcome.state != "cancelled":
            changes.steps.append(CountOutcome(one.integration.id, outcome.state == "delivered", now))
        changes.steps.append(
            PutHistory(one.record.document, one.integration.id, _copy(one.stored), one.stored.revision)
        )
        disable = outcome.reason if outcome.disable else None
        if disable is None and outcome.state in ("retry", "failed"):
            disable = failing_for_too_long(await parts.store.queue(one.integration.id), now)
        if disable is not None:
            await add_disabling(parts, changes, one, disable, now)
        return changes

    if await commit(parts.store, build):
        _count(one.delivery, outcome, parts.clock())


def _count(delivery: Delivery, outcome: Outcome, now: int) -> None:
    metrics.ATTEMPTS[outcome.state].inc()
    if outcome.state != "retry":
        metrics.DELIVERIES[outcome.state].inc()
    if outcome.state == "delivered":
        metrics.DELIVERY_DELAY.observe(max(now - delivery.created, 0) / 1000)


def _settled(one: Attempt, outcome: Outcome, now: int) -> SettleDelivery:
    keep = bool(one.request.url) and _is_new(one, outcome)
    return SettleDelivery(
        one.delivery.id,
        "pending" if outcome.state == "retry" else outcome.state,
        None if outcome.state == "delivered" else outcome.reason,
        now + (outcome.wait or 0),
        now,
        requests.encode(one.request) if keep else None,
        one.stored.revision if keep else None,
    )


def _is_new(one: Attempt, outcome: Outcome) -> bool:
    """Whether the request is another than the stored one; the default one is stored only if it is to be sent again."""
    delivery = one.delivery
    if delivery.request is None:
        return outcome.state == "retry" or one.script is not None
    return not delivery.replay and delivery.request_revision != one.stored.revision


async def settle_unsent(parts: Parts, delivery: Delivery, state: str, reason: str, *, wait: int = 0) -> None:
    """Settle a delivery that was not attempted; `wait` is how long it waits where it goes on."""
    now = parts.clock()

    async def build() -> Changes:
        step = SettleDelivery(delivery.id, state, reason, now + wait, now, attempted=False)
        return Changes([Held(delivery.id, delivery.worker or "")], [step])

    if await commit(parts.store, build) and state in ENDS:
        metrics.DELIVERIES[state].inc()


async def commit(store: Store, build: Callable[[], Awaitable[Changes]]) -> bool:
    """Commit what `build` makes, again where others changed what it read, for as long as the delivery is held.

    Answers False where it no longer is.
    """
    for tried in range(1_000_000):
        try:
            await store.commit(await build())
        except Conflict as conflict:
            if isinstance(conflict.guard, Held):
                return False  # its lease ended, or it was cancelled meanwhile: what another records counts
        except Unavailable as error:
            metrics.UNAVAILABLE["deliveries"].inc()
            _log.warning("an attempt can not be recorded yet", reason=str(error))
            await asyncio.sleep(PAUSES[min(tried, len(PAUSES) - 1)])
        else:
            return True
    return False


@lru_cache(maxsize=512)
def _copy(stored: Stored) -> str:
    """The integration as history shows it, without its token."""
    return masked_copy(stored.text)
