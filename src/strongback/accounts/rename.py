"""A new name of an account, wherever other documents show the old one (design: bind to ids, show names)."""

from collections.abc import Mapping
from typing import Any

from strongback.documents.document import Document
from strongback.documents.user import brief
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.selections import Everything, Having
from strongback.storage.steps import Put, SetMembers

SEPARATOR = ", "
"""Between the names of a conversation's other members."""


async def rename(store: Store, changes: Changes, user: Document, old: Mapping[str, Any], now: int) -> None:
    """Add to a commit that memberships, messages, rooms and conversations name the account as it is called now.

    `old` holds its former `username` and `name`.
    """
    shown = {"u": brief(user)}
    changes.steps += [SetMembers(kind, "user_id", user.id, shown) for kind in ("subscriptions", "messages")]
    async for rows in store.scan(Everything("rooms"), "id"):
        for stored in rows:
            if user.id in stored.text or str(old.get("username")) in stored.text:
                await _room(store, changes, stored.decode(), user, old, now)


async def _room(
    store: Store, changes: Changes, room: Document, user: Document, old: Mapping[str, Any], now: int
) -> None:
    before, name, former = dict(room.body), user.body["username"], old.get("username")
    creator = room.body.get("u")
    if isinstance(creator, dict) and creator.get("_id") == user.id:
        room.set("u", brief(user))
    member = user.id in (room.body.get("uids") or ())
    for list_ in ("muted", "unmuted", *(("usernames",) if member else ())):
        names = room.body.get(list_)
        if isinstance(names, list) and former in names:
            room.set(list_, [name if one == former else one for one in names])
    if room.body != before:
        room.set_date("_updatedAt", now)
        changes.guards.append(Unchanged("rooms", room.id, room.revision))
        changes.steps.append(Put("rooms", room))
    if member:
        await _conversation(store, changes, room.id, user, old, now)


async def _conversation(
    store: Store, changes: Changes, rid: str, user: Document, old: Mapping[str, Any], now: int
) -> None:
    """In the lists of the others, a conversation is called after those who are in it."""
    members = await store.select(Having("subscriptions", "rid", rid))
    for subscription in (stored.decode() for stored in members):
        if subscription.body["u"]["_id"] == user.id and len(members) > 1:
            continue
        for shown, part in (("name", "username"), ("fname", "name")):
            called = subscription.body.get(shown)
            former, new = (whose.get(part) or whose.get("username") for whose in (old, user.body))
            if isinstance(called, str):
                parts = [new if one == former else one for one in called.split(SEPARATOR)]
                subscription.set(shown, SEPARATOR.join(map(str, parts)))
        subscription.set_date("_updatedAt", now)
        changes.guards.append(Unchanged("subscriptions", subscription.id, subscription.revision))
        changes.steps.append(Put("subscriptions", subscription))
