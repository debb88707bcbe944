"""A room as one caller sees it: its last message only where the caller may read it, and no hidden member."""

from collections.abc import Container
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
    kept = caller.setting("Store_Last_Message") and await can_access(store, caller, view)
    if kept and isinstance(last, dict):
        body["lastMessage"] = await messages.shown(store, caller, last)
    else:
        body.pop("lastMessage", None)
    return body


def clean(text: str, caller: Caller, readable: Container[str] | None = None) -> str:
    """A room's wire text without the stars of others on its last message, which shows in `readable` rooms alone."""
    if '"lastMessage"' not in text:
        return text
    kept = caller.setting("Store_Last_Message")
    if kept and readable is None and '"starred"' not in text:
        return text
    body = msgspec.json.decode(text)
    last = body.get("lastMessage")
    if kept and isinstance(last, dict) and (readable is None or body["_id"] in readable):
        messages.without_stars(last, caller.id)
    else:
        body.pop("lastMessage", None)
    return msgspec.json.encode(body).decode()


async def with_names(store: Store, caller: Caller, texts: list[str]) -> list[str]:
    """Wire texts of rooms with real names in their last messages, where the setting asks for them."""
    if not caller.setting("UI_Use_Real_Name"):
        return texts
    bodies = [msgspec.json.decode(text) for text in texts]
    for body in bodies:
        if isinstance(body.get("lastMessage"), dict):
            body["lastMessage"] = await messages.shown(store, caller, body["lastMessage"])
    return [msgspec.json.encode(body).decode() for body in bodies]
