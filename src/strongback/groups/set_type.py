"""A group that becomes a public channel, and back: a room is a room, its type is data (spec/04 section 3)."""

from strongback.accounts.caller import Caller
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.groups.edit import Edit, edit, not_allowed
from strongback.storage.contract import RoomView, Store

SAID = {"c": "Channel", "p": "Private Group"}
REFUSED = {
    "c": "Changing a private group to a public channel is not allowed",
    "p": "Changing a public channel to a private room is not allowed",
}


async def set_type(
    store: Store, clock: Clock, caller: Caller, room: RoomView, kind: str, *, unchanged: str
) -> None:
    """Make a room of another type; integrations stay bound to it. Its own type is refused with the text `unchanged`."""

    async def change(one: Edit) -> bool:
        if kind == one.view.type:
            raise Failure(unchanged)
        one.require_permission()
        if kind not in SAID:
            raise Failure("error-invalid-room-type", "error-invalid-room-type")
        if not caller.may(f"create-{kind}"):
            raise not_allowed(REFUSED[kind], "Change_Room_Type")
        one.room.set("t", kind)
        if kind == "p":
            one.room.set("default", False)  # new users must not find themselves in a private group
        one.set_in_subscriptions(t=kind)
        one.say("room_changed_privacy", SAID[kind])
        return True

    await edit(store, clock, caller, room, change)
