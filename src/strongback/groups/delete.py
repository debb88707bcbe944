"""The end of a room, with all that hangs on it (spec/04 section 3)."""

from strongback.accounts.caller import Caller
from strongback.errors import Conflict, Failure, Unavailable
from strongback.storage.contract import Changes, Remove, RemoveAll, RoomView, Store, Unchanged

TRIES = 10


async def delete(store: Store, caller: Caller, room: RoomView) -> None:
    """Delete a room with its messages and subscriptions; integrations bound to it keep their text, bound to nothing."""
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
        try:
            await store.commit(changes)
        except Conflict:
            continue
        return
    raise Unavailable("the room is being changed by others; try again in a moment")
