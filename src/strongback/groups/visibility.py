"""Whether a room stands in its member's list: closed, it comes back when somebody writes (spec/04 section 3)."""

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put


async def open_room(store: Store, clock: Clock, caller: Caller, room: RoomView) -> None:
    """Put a room back into the caller's list; Failure for a group that is there."""
    await _set(store, clock, caller, room, is_open=True)


async def close_room(store: Store, clock: Clock, caller: Caller, room: RoomView) -> None:
    """Take a room out of the caller's list; Failure where it is not there."""
    await _set(store, clock, caller, room, is_open=False)


async def _set(store: Store, clock: Clock, caller: Caller, room: RoomView, *, is_open: bool) -> None:
    async def attempt() -> None:
        stored = await store.subscription(room.id, caller.id)
        mine = None if stored is None else stored.decode()
        if (mine is not None and mine.body["open"]) is is_open:
            if room.type == "d" and is_open:
                return
            called = "direct message room" if room.type == "d" else f"private group, {room.name}"
            state = "open for" if is_open else "closed to"
            raise Failure(f"The {called}, is already {state} the sender")
        if mine is None:
            return  # who sees it as part of another room has no list to put it in
        mine.set("open", is_open)
        mine.set_date("_updatedAt", clock())
        await store.commit(
            Changes([Unchanged("subscriptions", mine.id, mine.revision)], [Put("subscriptions", mine)])
        )

    await retry(attempt)
