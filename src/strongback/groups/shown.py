"""A room as one caller sees it: its last message only where the caller may read it, and no hidden member."""

from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.groups.lookup import can_access
from strongback.messages import shown as messages
from strongback.storage.contract import Store


async def shown(store: Store, caller: Caller, rid: str) -> dict[str, Any] | None:
    """The members of a room as they are now; None where it is gone."""
    stored, view = await store.get("rooms", rid), await store.room_by_id(rid, caller.id)
    if stored is None or view is None:
        return None
    body: dict[str, Any] = msgspec.json.decode(stored.text)
    last = body.get("lastMessage")
    if isinstance(last, dict) and await can_access(store, caller, view):
        body["lastMessage"] = await messages.shown(store, caller, last)
    else:
        body.pop("lastMessage", None)
    return body
