"""From an event to what is owed: rows in the commit of the message itself, so that accepted means durable."""

from collections.abc import Callable

import msgspec

from strongback import ids
from strongback.documents.event import Event
from strongback.storage.changes import Changes, OnEvent, PutDelivery, PutEvent, TriggersAt
from strongback.webhooks.payload import event_data
from strongback.webhooks.trigger_word import matches
from strongback.webhooks.triggers import Triggers

OPEN_PER_INTEGRATION = 10_000
"""More deliveries than these may not wait for one integration; what comes on top has failed from the start."""


def outbox(triggers: Triggers, site_url: Callable[[], str], limit: int = OPEN_PER_INTEGRATION) -> OnEvent:
    """The hook that adds to a commit an event's deliveries, one for each URL of each integration that wants it."""

    async def add(changes: Changes, event: Event) -> None:
        await triggers.refresh()
        changes.guards.append(TriggersAt(triggers.revision))
        wanted = [
            (trigger, match)
            for trigger in triggers.select(event)
            if (match := matches(trigger.body, event)) is not None
        ]
        if not wanted:
            return
        event_id = ids.document_id()
        changes.steps.append(_event(event_id, event, site_url()))
        targets = [(trigger.id, match, target) for trigger, match in wanted for target in trigger.targets]
        changes.steps += [
            PutDelivery(
                id=f"{event_id}.{number}",
                event_id=event_id,
                integration_id=integration_id,
                url=url,
                origin=origin,
                trigger_word=match.trigger_word,
                next_at=event.at,
                created=event.at,
                limit=limit,
            )
            for number, (integration_id, match, (url, origin)) in enumerate(targets)
        ]

    return add


def _event(id: str, event: Event, site_url: str) -> PutEvent:
    return PutEvent(
        id=id,
        kind=event.kind,
        rid=None if event.room is None else event.room.id,
        message_id=None if event.message is None else event.message.id,
        user_id=event.user.id,
        hops=event.hops,
        body=msgspec.json.encode(event_data(event, site_url)).decode(),
        created=event.at,
    )
