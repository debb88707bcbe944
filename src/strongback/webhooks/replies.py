"""What an outgoing integration posts: in the room of the event, or where its creator may send it (spec/06 B6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strongback.accounts.permissions import AccessCache
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.user import is_active
from strongback.errors import Failure
from strongback.integrations.creator import creator_may_target
from strongback.messages.build import Defaults, draft
from strongback.messages.place import Place, place_by_id
from strongback.messages.post import prepare
from strongback.messages.sender import Sender, sender
from strongback.messages.targets import resolve
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import Store
from strongback.storage.deliveries import StoredEvent


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to post, and the step of the history that it stands for."""

    step: str
    message: Any


@dataclass(frozen=True, slots=True)
class Replies:
    """Posts for integrations, within the commit of what led to it."""

    store: Store
    clock: Clock
    access: AccessCache
    on_event: Sequence[OnEvent]

    async def add(
        self, changes: Changes, integration: Document, event: StoredEvent, message: Any
    ) -> list[dict[str, Any]]:
        """Add a message to the changes; answers what is posted where. Raises Failure where it may not be posted."""
        body = integration.body
        content = dict(message) if isinstance(message, Mapping) else {"text": message}
        poster = await self._poster(body, event)
        named = content.pop("channel", None) or content.pop("roomId", None) or body.get("targetRoom")
        place = await self._place(poster, body, event, named)
        content.pop("bot", None)
        defaults = Defaults(
            alias=_text(body, "alias"), avatar=_text(body, "avatar"), emoji=_text(body, "emoji")
        )
        made, more = await prepare(
            self.store,
            self.clock,
            poster,
            place,
            draft(content, defaults),
            on_event=self.on_event,
            hops=event.hops + 1,
            bot={"i": integration.id},
        )
        changes.guards += more.guards
        changes.steps += more.steps
        return [{"channel": place.room.id, "message": made.body}]

    async def _poster(self, body: Mapping[str, Any], event: StoredEvent) -> Sender:
        """The account that posts: the integration's, or that of the event if it is to be impersonated."""
        id = event.user_id if body.get("impersonateUser") is True else body.get("userId")
        stored = await self.store.get("users", id) if isinstance(id, str) else None
        if stored is None:
            raise Failure("the account that the integration posts as does not exist")
        found = sender(stored, self.access.newest)
        if not is_active(found.account):
            raise Failure("the account that the integration posts as is deactivated")
        return found

    async def _place(self, poster: Sender, body: Mapping[str, Any], event: StoredEvent, named: Any) -> Place:
        """The room that the message or the integration names and its creator may target, else that of the event."""
        if isinstance(named, str) and named:
            try:
                found = await resolve(
                    self.store, self.clock, poster, named, on_event=self.on_event, hops=event.hops + 1
                )
            except Failure:
                found = None
            if found is not None:
                if found.room.id != event.rid and not await creator_may_target(
                    self.store, self.access.newest, body, found.room.id
                ):
                    raise Failure(f"the integration's creator may not target {named}")
                return found
        if event.rid is None:
            raise Failure("the message names no room that exists, and the event has none")
        return await place_by_id(self.store, event.rid, poster.id)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
