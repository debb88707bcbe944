"""A room's new name: in its members' lists and in the integrations that are bound to it too (spec/04 section 3)."""

from collections.abc import Sequence

from strongback.accounts.caller import Caller
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.groups import names
from strongback.groups.edit import Edit, OnRoom, edit
from strongback.storage.contract import RoomView, Store


async def rename(
    store: Store,
    clock: Clock,
    caller: Caller,
    room: RoomView,
    name: str,
    *,
    unchanged: str | None = None,
    on_rename: Sequence[OnRoom] = (),
) -> None:
    """Give a room another name; its own changes nothing, or is refused with the text `unchanged`."""

    async def change(one: Edit) -> bool:
        same = name.strip() == one.view.name
        if same and unchanged is not None:
            raise Failure(unchanged)
        one.require_permission()
        if same:
            return False
        new = names.checked(caller, name)
        one.changes.guards += [
            await names.free(store, caller, new),
            await names.free_of_users(store, caller, new),
        ]
        one.room.set("name", new)
        one.room.set("fname", new)
        one.set_in_subscriptions(name=new, fname=new)
        one.say("r", new)
        for hook in on_rename:
            await hook(store, one.room, one.changes, one.now)
        return True

    await edit(store, clock, caller, room, change)
