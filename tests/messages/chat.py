"""A world to talk in, and short ways to talk in it."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from strongback.documents.document import Document
from strongback.documents.event import Event
from strongback.messages.build import Draft
from strongback.messages.place import place_by_id
from strongback.messages.post import post, post_all
from strongback.messages.sender import Sender, calling
from strongback.storage.changes import Changes
from strongback.storage.selections import Having
from tests.room_world import RoomWorld

USUAL = ("view-p-room", "view-c-room", "view-d-room", "create-d", "delete-own-message")
"""What an ordinary account may do."""


@dataclass
class Chat:
    """Accounts that post; what other parts are told of it is in `events`."""

    world: RoomWorld
    events: list[Event] = field(default_factory=list)

    async def hook(self, changes: Changes, event: Event) -> None:
        """What other parts hook in: here it only looks."""
        self.events.append(event)

    async def sender(self, name: str, *more: str, **settings: Any) -> Sender:
        """An account with the usual permissions and more."""
        return await calling(self.world.store, self.world.caller(name, *USUAL, *more, **settings))

    async def say(self, who: Sender, draft: Draft | str, rid: str = "r-eng", **more: Any) -> Document:
        """Post in a room by its id."""
        made = Draft(draft) if isinstance(draft, str) else draft
        world = self.world
        find = partial(place_by_id, world.store, rid, who.id)
        return await post(world.store, world.clock, who, find, made, on_event=[self.hook], **more)

    async def tell(self, who: Sender, *targets: str, text: str = "hi") -> list[tuple[str, Document]]:
        """Post to targets."""
        world = self.world
        return await post_all(
            world.store, world.clock, who, Draft(text, targets=targets), on_event=[self.hook]
        )

    async def messages(self, rid: str = "r-eng") -> list[dict[str, Any]]:
        """Everything that is stored of a room, in the order of time."""
        found = await self.world.store.select(Having("messages", "rid", rid))
        return sorted((row.decode().body for row in found), key=lambda body: (body["ts"], body["_id"]))

    async def room(self, rid: str = "r-eng") -> dict[str, Any]:
        """A room as the wire shows it."""
        return await self.world.body("rooms", rid)
