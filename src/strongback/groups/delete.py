"""The end of a room, with all that hangs on it (spec/04 section 3)."""

from collections.abc import Sequence

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.groups.edit import OnRoom
from strongback.groups.lookup import NOUNS, can_access, not_found
from strongback.groups.standing import standing
from strongback.storage.contract import RoomView, Store
from strongback.storage.steps import Remove, RemoveAll


async def delete(
    store: Store, clock: Clock, caller: Caller, room: RoomView, *, on_delete: Sequence[OnRoom] = ()
) -> None:
    """Delete a room with its messages and subscriptions; the hooks add what other parts keep about it."""

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        if here.view.type != "c" and not await can_access(store, caller, here.view):
            raise not_found(NOUNS[room.type])
        if not caller.may_in(f"delete-{here.view.type}", here.view.subscription_roles):
            raise Failure("Not allowed", "error-not-allowed", details={"method": "eraseRoom"})
        changes, now = here.changes(), clock()
        for hook in on_delete:
            await hook(store, here.room, changes, now)
        changes.steps += [
            RemoveAll("messages", "rid", room.id),
            RemoveAll("subscriptions", "rid", room.id),
            Remove("rooms", room.id),
        ]
        await store.commit(changes)

    await retry(attempt)
