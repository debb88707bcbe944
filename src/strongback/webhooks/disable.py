"""An integration that only fails is disabled, and the group that it served is told why."""

import contextlib

from strongback.errors import Failure
from strongback.integrations.disable import disable
from strongback.storage.changes import Changes
from strongback.storage.deliveries import Queue
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put
from strongback.webhooks.outgoing import Attempt, Parts
from strongback.webhooks.retention import DAY_MS

DAYS = 5
ATTEMPTS = 10


def failing_for_too_long(queue: Queue, now: int) -> str | None:
    """Why an integration is to be disabled after one more failure; None where it may go on."""
    if queue.failing_since is None or queue.failures + 1 < ATTEMPTS:
        return None
    if now - queue.failing_since < DAYS * DAY_MS:
        return None
    return f"every call has failed for {DAYS} days"


async def add_disabling(parts: Parts, changes: Changes, one: Attempt, reason: str, now: int) -> None:
    """Add to the changes that the integration is disabled, and a message in the room of the event that says so."""
    stored = await parts.store.get("integrations", one.integration.id)
    if stored is None:
        return
    document = stored.decode()
    disable(document, reason[:1].upper() + reason[1:], now)
    changes.guards.append(Unchanged("integrations", document.id, document.revision))
    changes.steps.append(Put("integrations", document))
    name = document.body.get("name") or document.id
    text = f"The integration {name} was disabled: {reason}. Enable it again when its receiver works."
    with contextlib.suppress(Failure):  # nobody may be left who could say it
        await parts.replies.add(changes, document, one.event, {"text": text})
