"""A room as a sender stands to it, and whether it may be written in (spec/06 A6)."""

from dataclasses import dataclass, field

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.lookup import seen_through
from strongback.messages.sender import Sender, public
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import Guard, Member, Present, Unchanged


@dataclass(frozen=True, slots=True)
class Place:
    """A room, and what must be written before a message there: a join, a new conversation."""

    view: RoomView
    room: Document
    changes: Changes = field(default_factory=Changes)


async def place(store: Store, view: RoomView | None) -> Place | None:
    """The place that a room is; None where it is gone."""
    stored = None if view is None else await store.get("rooms", view.id)
    if view is None or stored is None:
        return None
    return Place(view, public(stored), Changes([Unchanged("rooms", view.id, stored.revision)]))


async def place_by_id(store: Store, rid: str, user_id: str) -> Place:
    """The place that a room's id names; Failure for none."""
    found = await place(store, await store.room_by_id(rid, user_id))
    if found is None:
        raise Failure("error-invalid-room")
    return found


async def admit(store: Store, sender: Sender, place: Place) -> None:
    """Raise Failure unless the sender may write here now; guards that hold this until the commit join the changes."""
    view, room, caller = place.view, place.room.body, sender.caller
    guards = await access(store, caller, view)
    if guards is None:
        raise Failure("error-not-allowed")
    if view.archived:
        raise Failure("room_is_archived")
    if view.type == "d" and await _is_blocked(store, view, sender):
        raise Failure("room_is_blocked")
    may_write = room.get("ro") is not True or caller.may_in("post-readonly", view.subscription_roles)
    if not may_write and not names(room.get("unmuted"), sender):
        raise Failure("You can't send messages because the room is readonly.")
    if names(room.get("muted"), sender):
        raise Failure("You_have_been_muted")
    if not place.changes.steps:
        place.changes.guards.extend(guards)


async def access(store: Store, caller: Caller, view: RoomView) -> list[Guard] | None:
    """The guards under which the caller may see a room; None for no access."""
    seen = await seen_through(store, caller, view)
    if seen is None:
        return None
    return [Member(seen.id, caller.id)] if seen.subscribed else [Present("users", caller.id)]


def names(usernames: object, sender: Sender) -> bool:
    """Whether a list of a room, such as that of muted people, holds the sender."""
    return isinstance(usernames, list) and sender.username in usernames


async def _is_blocked(store: Store, view: RoomView, sender: Sender) -> bool:
    mine = await store.subscription(view.id, sender.id)
    body = {} if mine is None else public(mine).body
    return bool(body.get("blocked") or body.get("blocker"))
