"""What an editor of a room may set: its texts, who writes in it, whether it is encrypted (spec/04 section 3)."""

from collections.abc import Mapping
from typing import Any, Literal

from strongback.accounts.caller import Caller
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.groups.edit import Edit, edit, not_allowed
from strongback.storage.contract import RoomView, Store


async def set_text(
    store: Store,
    clock: Clock,
    caller: Caller,
    room: RoomView,
    member: Literal["topic", "description", "announcement"],
    text: str,
    *,
    unchanged: str | None = None,
) -> None:
    """Say something about a room; what it says already changes nothing, or is refused with the text `unchanged`."""

    async def change(one: Edit) -> bool:
        said = one.room.body.get(member)
        if said == text and unchanged is not None:
            raise Failure(unchanged)
        one.require_permission()
        if said == text or not (said or text):
            return False
        one.room.set(member, text)
        one.say(f"room_changed_{member}", text)
        return True

    await edit(store, clock, caller, room, change)


async def set_read_only(
    store: Store, clock: Clock, caller: Caller, room: RoomView, value: bool, *, unchanged: str
) -> None:
    """Let only some write in a room, or everybody again; a broadcast room stays as it is."""

    async def change(one: Edit) -> bool:
        if one.room.body.get("ro") is value:
            raise Failure(unchanged)
        one.require_permission()
        if one.room.body.get("broadcast") is True:
            text = "Editing readOnly/reactWhenReadOnly are not allowed for broadcast rooms"
            raise not_allowed(text, "Editing_room")
        one.room.set("ro", value)
        one.say("room-set-read-only" if value else "room-removed-read-only")
        return True

    await edit(store, clock, caller, room, change)


async def set_custom_fields(
    store: Store, clock: Clock, caller: Caller, room: RoomView, fields: Mapping[str, Any]
) -> None:
    """Replace the custom fields of a room, which its members' subscriptions hold too."""

    async def change(one: Edit) -> bool:
        one.require_permission()
        if one.room.body.get("customFields") == fields:
            return False
        one.room.set("customFields", dict(fields))
        one.set_in_subscriptions(customFields=dict(fields))
        return True

    await edit(store, clock, caller, room, change)


async def set_encrypted(store: Store, clock: Clock, caller: Caller, room: RoomView, value: bool) -> None:
    """Say whether the messages of a group are encrypted by those who write them."""

    async def change(one: Edit) -> bool:
        one.require_permission()
        if one.room.body.get("encrypted") is value:
            return False
        action = "Change_Room_Encrypted"
        if not caller.setting("E2E_Enable"):
            raise not_allowed("Only groups or direct channels can enable encryption", action)
        if not caller.may_in("toggle-room-e2e-encryption", one.view.subscription_roles):
            raise not_allowed("You do not have permission to toggle E2E encryption", action)
        one.room.set("encrypted", value)
        one.say(f"room_e2e_{'enabled' if value else 'disabled'}", caller.username)
        return True

    await edit(store, clock, caller, room, change)
