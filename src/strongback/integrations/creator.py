"""Who made an integration, and who changed it last: what it posts goes no farther than both could send it."""

from collections.abc import Mapping
from typing import Any

from strongback.documents.user import is_active
from strongback.integrations.channels import may_target
from strongback.messages.sender import sender
from strongback.storage.contract import Access, Store


async def creator_may_target(store: Store, access: Access, integration: Mapping[str, Any], rid: str) -> bool:
    """Whether an integration's creator, and who changed it last, may target a room now.

    Who is gone or deactivated may target none; and nobody borrows a creator's reach by changing the integration.
    """
    kind = str(integration.get("type", "")).removeprefix("webhook-")
    people = [integration.get("_createdBy")]
    if integration.get("_updatedBy"):
        people.append(integration["_updatedBy"])
    for person in people:
        id = person.get("_id") if isinstance(person, Mapping) else None
        stored = await store.get("users", id) if isinstance(id, str) else None
        if stored is None:
            return False
        found = sender(stored, access)
        if not (is_active(found.account) and await may_target(store, found.caller, rid, kind)):
            return False
    return True
