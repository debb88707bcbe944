"""From an event to what is owed: rows in the commit of the message itself, so that accepted means durable."""

from collections.abc import Callable

import msgspec

from strongback import ids
from strongback.clock import Clock
from strongback.documents.event import Event
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.guards import TriggersAt
from strongback.storage.steps import PutDeliveries, PutEvent
from strongback.webhooks.payload import event_data
from strongback.webhooks.trigger_word import matches
from strongback.webhooks.triggers import Triggers

OPEN_PER_INTEGRATION = 10_000
"""More deliveries than these may not wait for one integration; what comes on top has failed from the start."""


def outbox(
    triggers: Triggers, clock: Clock, site_url: Callable[[], str], limit: int = OPEN_PER_INTEGRATION
) -> OnEvent:
    """The hook that adds to a commit an event's deliveries, one for each URL of each integration that wants it.

    They are due now, also where a message says that it was written at another time.
    """

    async def add(changes: Changes, event: Event) -> None:
        await triggers.refresh()
        changes.guards.append(TriggersAt(triggers.revision))
        targets = [
            target if match.trigger_word is None else target._replace(trigger_word=match.trigger_word)
            for trigger in triggers.select(event)
            if (match := matches(trigger.body, event)) is not None
            for target in trigger.targets
        ]
        if not targets:
            return
        now = clock()
        event_id = ids.ordered_id(now)
        changes.steps.append(_event(event_id, event, site_url(), now))
        changes.steps.append(PutDeliveries(event_id, targets, now, limit))

    return add


def _event(id: str, event: Event, site_url: str, now: int) -> PutEvent:
    return PutEvent(
        id=id,
        kind=event.kind,
        rid=None if event.room is None else event.room.id,
        message_id=None if event.message is None else event.message.id,
        user_id=event.user.id,
        hops=event.hops,
        body=msgspec.json.encode(event_data(event, site_url)).decode(),
        created=now,
    )
