"""The end of a room, with all that hangs on it (spec/04 section 3)."""

from collections.abc import Awaitable, Callable, Sequence

from strongback.accounts.caller import Caller
from strongback.clock import Clock
from strongback.errors import Conflict, Failure, Unavailable
from strongback.storage.contract import Changes, Remove, RemoveAll, RoomView, Store, Unchanged

OnRoomDelete = Callable[[Store, str, Changes, int], Awaitable[None]]
"""Adds to the changes of a room's deletion what another part keeps about it: (store, room id, changes, now)."""

TRIES = 10


async def delete(
    store: Store, clock: Clock, caller: Caller, room: RoomView, *, hooks: Sequence[OnRoomDelete] = ()
) -> None:
    """Delete a room with its messages and subscriptions; the hooks add what is theirs, in one commit."""
    if not caller.may_in(f"delete-{room.type}", room.subscription_roles):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "eraseRoom"})
    for _ in range(TRIES):
        stored = await store.get("rooms", room.id)
        if stored is None:
            return
        changes = Changes(
            [Unchanged("rooms", room.id, stored.revision)],
            [
                RemoveAll("messages", "rid", room.id),
                RemoveAll("subscriptions", "rid", room.id),
                Remove("rooms", room.id),
            ],
        )
        for hook in hooks:
            await hook(store, room.id, changes, clock())
        try:
            await store.commit(changes)
        except Conflict:
            continue
        return
    raise Unavailable("the room is being changed by others; try again in a moment")
