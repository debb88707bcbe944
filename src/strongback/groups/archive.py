"""Rooms that are put away, where nobody writes any more, and taken out again (spec/04 section 3)."""

from collections.abc import Sequence

from strongback.accounts.caller import Caller
from strongback.clock import Clock
from strongback.documents.event import Event
from strongback.errors import Failure
from strongback.groups.edit import Edit, edit
from strongback.storage.changes import OnEvent
from strongback.storage.contract import RoomView, Store


async def archive(
    store: Store, clock: Clock, caller: Caller, room: RoomView, *, on_event: Sequence[OnEvent] = ()
) -> None:
    """Archive a room, which closes it for its members."""

    async def change(one: Edit) -> bool:
        _check(one, "archive")
        one.room.set("archived", True)
        one.set_in_subscriptions(archived=True, open=False)
        one.say("room-archived")
        for hook in on_event:
            await hook(one.changes, Event("roomArchived", one.room, one.author, None, None, one.now))
        return True

    await edit(store, clock, caller, room, change)


async def unarchive(
    store: Store, clock: Clock, caller: Caller, room: RoomView, *, unchanged: str | None = None
) -> None:
    """Take a room out of the archive, and open it for its members.

    One that is not archived stays as it is, or is refused with the text `unchanged`.
    """

    async def change(one: Edit) -> bool:
        if not one.view.archived and unchanged is not None:
            raise Failure(unchanged)
        _check(one, "unarchive")
        if not one.view.archived:
            return False
        one.room.set("archived", False)
        one.set_in_subscriptions(archived=False, open=True)
        one.say("room-unarchived")
        return True

    await edit(store, clock, caller, room, change, archived=True)


def _check(one: Edit, verb: str) -> None:
    if not one.caller.may_in(f"{verb}-room", one.view.subscription_roles):
        raise Failure("Not authorized", "error-not-authorized", details={"method": f"{verb}Room"})
