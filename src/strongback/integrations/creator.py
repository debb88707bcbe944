"""Who made an integration: what it posts goes no farther than that account could send it."""

from collections.abc import Mapping
from typing import Any

from strongback.documents.user import is_active
from strongback.integrations.channels import may_target
from strongback.messages.sender import sender
from strongback.storage.contract import Access, Store


async def creator_may_target(store: Store, access: Access, integration: Mapping[str, Any], rid: str) -> bool:
    """Whether an integration's creator may target a room now; who is gone or deactivated may target none."""
    creator = integration.get("_createdBy")
    id = creator.get("_id") if isinstance(creator, Mapping) else None
    stored = await store.get("users", id) if isinstance(id, str) else None
    if stored is None:
        return False
    found = sender(stored, access)
    return is_active(found.account) and await may_target(store, found.caller, rid)
