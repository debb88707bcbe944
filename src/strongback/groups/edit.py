"""A change of a room, with what its members and its messages say of it, in one commit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.dates import format_date
from strongback.documents.document import Document
from strongback.documents.message import system_message
from strongback.documents.user import brief
from strongback.errors import Failure
from strongback.groups.lookup import NOUNS, can_access, check_open, not_found
from strongback.groups.standing import standing
from strongback.messages.sender import calling
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.steps import Put, SetMembers

OnRoom = Callable[[Store, Document, Changes, int], Awaitable[None]]
"""Adds to the changes of a room's end, or of its name, what another part keeps about it: (store, room, changes, now)."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A room that is being changed: as the caller sees it, the document to change, and what is written with it."""

    caller: Caller
    view: RoomView
    room: Document
    author: Document
    now: int
    changes: Changes

    def require_permission(self) -> None:
        """Raise Failure unless the caller may edit the room."""
        if not self.caller.may_in("edit-room", self.view.subscription_roles):
            raise not_allowed("Editing room is not allowed", "Editing_room")

    def say(self, kind: str, text: str = "") -> None:
        """Add a system message."""
        message = system_message(
            ids.ordered_id(self.now), kind, self.room.id, text, brief(self.author), self.now
        )
        self.changes.steps.append(Put("messages", message))

    def set_in_subscriptions(self, **members: Any) -> None:
        """Add members that all subscriptions to the room get."""
        members["_updatedAt"] = format_date(self.now)
        self.changes.steps.append(SetMembers("subscriptions", "rid", self.room.id, members))


Change = Callable[[Edit], Awaitable[bool]]
"""Changes the room's document and says whether there is anything to write; Failure for what may not be."""


async def edit(
    store: Store, clock: Clock, caller: Caller, room: RoomView, change: Change, *, archived: bool = False
) -> None:
    """Run a change on a room as it is now, again after a lost race; `archived` says whether an archived one will do."""

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        stored = await store.get("rooms", room.id)
        if stored is None or (here.view.type != "c" and not await can_access(store, caller, here.view)):
            raise not_found(NOUNS[room.type])
        if not archived:
            check_open(here.view)
        author, changes = (await calling(store, caller)).account, here.changes()
        one = Edit(caller, here.view, stored.decode(), author, clock(), changes)
        changes.steps.append(Put("rooms", one.room))
        if not await change(one):
            return
        one.room.set_date("_updatedAt", one.now)
        await store.commit(changes)

    await retry(attempt)


def not_allowed(text: str, action: str) -> Failure:
    """What a caller hears who may not change this of a room."""
    return Failure(text, "error-action-not-allowed", details={"method": "saveRoomSettings", "action": action})
