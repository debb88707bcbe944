"""The deliveries of an integration, as they are shown (docs/delivery.md)."""

from typing import Any

from strongback.accounts.caller import Caller
from strongback.documents.dates import format_date
from strongback.documents.document import Stored
from strongback.integrations.lists import may_see_calls
from strongback.integrations.mask import Mask
from strongback.storage.contract import Store
from strongback.storage.deliveries import Delivery, State


async def deliveries(
    store: Store, caller: Caller, integration_id: str, state: State | None, offset: int, count: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of the deliveries of an integration that the caller may see, newest first, and how many there are."""
    if not await may_see_calls(store, caller, integration_id):
        return [], 0
    integration = await store.get("integrations", integration_id)
    page = await store.deliveries(integration_id, state, offset, count)
    return [await shown(store, delivery, integration) for delivery in page.deliveries], page.total


async def shown(store: Store, delivery: Delivery, integration: Stored | None) -> dict[str, Any]:
    """A delivery as the wire has it, without the integration's token.

    Nobody knows any more what the token of a removed integration was: of its URL nothing shows but the origin.
    """
    event = await store.event(delivery.event_id)
    mask = token_mask(integration)
    waits = {"nextAt": format_date(delivery.next_at)} if delivery.state == "pending" else {}
    word = {} if delivery.trigger_word is None else {"triggerWord": delivery.trigger_word}
    return {
        "_id": delivery.id,
        "eventId": delivery.event_id,
        "event": None if event is None else event.kind,
        "integrationId": delivery.integration_id,
        "url": delivery.origin if integration is None else mask(delivery.url),
        "origin": delivery.origin,
        "state": delivery.state,
        "reason": mask(delivery.reason),
        "attempts": delivery.attempts,
        **waits,
        "replay": delivery.replay,
        **word,
        "createdAt": format_date(delivery.created),
        "updatedAt": format_date(delivery.updated),
    }


def token_mask(integration: Stored | None) -> Mask:
    """What hides an integration's token."""
    return Mask(None if integration is None else integration.decode().body.get("token"))
