"""The end of a room, with all that hangs on it (spec/04 section 3)."""

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.errors import Failure
from strongback.storage.changes import Changes, Remove, RemoveAll, Unchanged
from strongback.storage.contract import RoomView, Store


async def delete(store: Store, caller: Caller, room: RoomView) -> None:
    """Delete a room with its messages and subscriptions; integrations bound to it keep their text, bound to nothing."""
    if not caller.may_in(f"delete-{room.type}", room.subscription_roles):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "eraseRoom"})

    async def attempt() -> None:
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
        await store.commit(changes)

    await retry(attempt)
