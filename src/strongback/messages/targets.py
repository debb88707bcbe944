"""The place that a target names: `#room`, `@account`, or a room's or an account's id (spec/06 A6)."""

from collections.abc import Sequence

from strongback.clock import Clock
from strongback.errors import Failure
from strongback.groups.lookup import can_access
from strongback.messages.direct import direct
from strongback.messages.join import join
from strongback.messages.place import Place, place
from strongback.messages.sender import Sender
from strongback.storage.changes import OnEvent
from strongback.storage.contract import RoomView, Store


async def resolve(
    store: Store,
    clock: Clock,
    sender: Sender,
    target: str,
    *,
    on_event: Sequence[OnEvent] = (),
    hops: int = 0,
) -> Place:
    """The place that a target means to this sender; Failure `invalid-channel` for none.

    A public channel is joined, and a conversation made, with the message's commit.
    """
    found = await _find(store, clock, sender, target)
    if found is None:
        raise Failure("", "invalid-channel")
    view = found.view
    if view.type == "c" and not view.subscribed and await can_access(store, sender.caller, view):
        return await join(store, clock, sender, found, on_event=on_event, hops=hops)
    return found


async def _find(store: Store, clock: Clock, sender: Sender, target: str) -> Place | None:
    name = target[1:]
    match target[:1]:
        case "#":
            return await place(store, await _room(store, sender, name))
        case "@":
            other = await store.get("users", name) or await store.user_by_name(name)
            if other is not None:
                return await direct(store, clock, sender, other)
            view = await store.room_by_id(name, sender.id)
            return await place(store, view) if view is not None and view.type == "d" else None
    found = await place(store, await _room(store, sender, target))
    if found is not None:
        return found
    other = await store.get("users", target)
    return None if other is None else await direct(store, clock, sender, other)


async def _room(store: Store, sender: Sender, name: str) -> RoomView | None:
    """The room of this id, or else of this name."""
    if not name:
        return None
    return await store.room_by_id(name, sender.id) or await store.room_by_name(name, sender.id)
