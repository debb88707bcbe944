"""The rooms that hooks post into, in memory: guards of the commit tell where a room or the membership has changed."""

from dataclasses import dataclass

from strongback.documents.document import Document
from strongback.messages.place import Place
from strongback.messages.sender import Sender
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Link

MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A room as a member stands to it; `guards` hold as long as that is so."""

    view: RoomView
    room: Document
    guards: tuple[Unchanged, ...]


class KnownPlaces:
    """By account and room, what was seen when a hook last posted there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[str, str], KnownPlace] = {}

    def find(self, account: Sender, link: Link) -> Place | None:
        """The room of a link, if it is known."""
        known = self._kept.get((account.id, link.target or ""))
        return None if known is None else Place(known.view, known.room, Changes(list(known.guards)))

    async def learn(self, account: Sender, place: Place) -> None:
        """Remember a room that the account is a member of.

        The view is read last: were it older than what the guards hold to, it might outlive its truth.
        """
        rid = place.room.id
        subscription = await self._store.subscription(rid, account.id)
        if subscription is None or place.view.type == "d" or place.changes.steps:
            return
        view = await self._store.room_by_id(rid, account.id)
        if view is None:
            return
        if len(self._kept) >= MOST_KEPT:
            self.forget()
        room = Unchanged("rooms", rid, place.room.revision)
        member = Unchanged("subscriptions", subscription.id, subscription.revision)
        self._kept[account.id, rid] = KnownPlace(view, place.room, (room, member))

    def forget(self) -> None:
        """Know nothing: something has changed."""
        self._kept.clear()
