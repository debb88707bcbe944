"""A room as a caller stands to it, and what must still be so when a change of it is committed."""

from dataclasses import dataclass

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Conflict
from strongback.groups.lookup import not_found
from strongback.messages.sender import public
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import Guard, Present, Unchanged


@dataclass(frozen=True, slots=True)
class Standing:
    """A room, the caller's place in it, and the guards under which both stay as they were read."""

    view: RoomView
    room: Document
    guards: tuple[Guard, ...]

    def changes(self) -> Changes:
        """A write that runs only if the room and the caller's roles in it are unchanged."""
        return Changes(list(self.guards))


async def standing(store: Store, caller: Caller, rid: str, noun: str) -> Standing:
    """How the caller stands to a room now; Failure where the room is gone."""
    # Guards are read before the view: what it says is then as new as they are, or the commit fails.
    stored, mine = await store.get("rooms", rid), await store.subscription(rid, caller.id)
    view = await store.room_by_id(rid, caller.id)
    if stored is None or view is None:
        raise not_found(noun)
    if view.subscribed is not (mine is not None):
        raise Conflict("the caller came or went meanwhile")
    own = Present("users", caller.id) if mine is None else Unchanged("subscriptions", mine.id, mine.revision)
    return Standing(view, public(stored), (Unchanged("rooms", rid, stored.revision), own))
