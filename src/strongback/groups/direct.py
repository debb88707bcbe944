"""Conversations: opened with some people, and found again (im.*)."""

from collections.abc import Sequence

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.errors import Failure
from strongback.groups.lookup import can_access
from strongback.messages.direct import direct, subscription
from strongback.messages.place import Place
from strongback.messages.sender import Sender, public
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import Present, Unchanged
from strongback.storage.selections import Having
from strongback.storage.steps import Put


async def converse(store: Store, clock: Clock, sender: Sender, usernames: Sequence[str]) -> Document:
    """The conversation of the sender with these people, made where there is none, in the sender's list again."""

    async def attempt() -> Document:
        others = [await _account(store, name) for name in usernames]
        place = await direct(store, clock, sender, *others)
        changes = place.changes if place.changes.steps else await _reopening(store, clock, sender, place)
        if changes.steps:
            await store.commit(changes)
        return place.room

    return await retry(attempt)


async def find(store: Store, caller: Caller, room_id: str | None, username: str | None) -> RoomView:
    """The conversation with this id, or with this account alone, if the caller may see it; Failure for none."""
    rid = room_id
    if rid is None and username is not None:
        other = await store.user_by_name(username)
        key = "" if other is None else ",".join(sorted({caller.id, other.id}))
        rid = next((one.id for one in await store.select(Having("rooms", "direct", key))), None)
    view = None if rid is None else await store.room_by_id(rid, caller.id)
    if view is None or view.type != "d" or not await can_access(store, caller, view):
        raise Failure(
            'The required "roomId" or "username" param provided does not match any direct message',
            "error-room-not-found",
        )
    return view


async def _account(store: Store, username: str) -> Stored:
    found = await store.user_by_name(username)
    if found is None:
        raise Failure("Invalid user", "error-invalid-user", details={"method": "createDirectMessage"})
    return found


async def _reopening(store: Store, clock: Clock, sender: Sender, place: Place) -> Changes:
    """The changes that put a conversation into the sender's list again; no steps where it stands there."""
    stored = await store.subscription(place.room.id, sender.id)
    if stored is None:
        people = [await store.get("users", id) for id in place.room.body["uids"]]
        mine = subscription(place.room, sender.account, [public(one) for one in people if one], clock())
        guards = [*place.changes.guards, Present("users", sender.id)]
        return Changes(guards, [Put("subscriptions", mine)])
    mine = stored.decode()
    if mine.body["open"] is True:
        return Changes()
    mine.set("open", True)
    mine.set_date("_updatedAt", clock())
    return Changes([Unchanged("subscriptions", mine.id, mine.revision)], [Put("subscriptions", mine)])
