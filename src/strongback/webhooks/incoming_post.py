"""What a hook's call posts: a message in each of its targets, prepared as one write (spec/06 A5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.integrations.creator import creator_may_target
from strongback.messages.build import Defaults, Draft, draft
from strongback.messages.match import truthy
from strongback.messages.place import Place
from strongback.messages.post import prepare
from strongback.messages.sender import Sender
from strongback.messages.targets import resolve
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import Store
from strongback.storage.steps import Link
from strongback.webhooks.hook import Hook
from strongback.webhooks.known_places import KnownPlaces

Target = str | Link
"""A text that the call names, or where the integration is bound to."""

NO_OVERRIDE = "overriding destination channel is disabled for this integration"
NO_CHANNEL = "invalid-channel"


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be posted, and where; `separate` asks for an answer by target, and no target stops the others."""

    draft: Draft
    targets: Sequence[Target]
    separate: bool


@dataclass(slots=True)
class Posted:
    """The write, and by target the message in it or why there is none."""

    changes: Changes = field(default_factory=Changes)
    results: list[tuple[str, Document | Failure]] = field(default_factory=list)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What is posted, as history shows it."""
        return [{"channel": to, "message": one.body} for to, one in self._documents()]

    @property
    def failure(self) -> Failure | None:
        """Why the first target without a message has none."""
        return next((one for _, one in self.results if isinstance(one, Failure)), None)

    @property
    def responses(self) -> list[dict[str, Any]]:
        """The answer by target."""
        return [
            {"channel": to, "error": one.error or one.text}
            if isinstance(one, Failure)
            else {"channel": to, "message": one.body}
            for to, one in self.results
        ]

    def _documents(self) -> Iterator[tuple[str, Document]]:
        return ((to, one) for to, one in self.results if isinstance(one, Document))


def posting(hook: Hook, content: Any) -> Posting:
    """What a body asks for: the integration's looks and channels unless it names its own. Raises Failure."""
    if not isinstance(content, dict):
        raise Failure("What is to be posted must be a JSON object")
    named = truthy(content.get("channel")) or truthy(content.get("roomId"))
    if named and hook.body.get("overrideDestinationChannelEnabled") is not True:
        raise Failure(NO_OVERRIDE)
    looks = Defaults(alias=hook.text("alias"), avatar=hook.text("avatar"), emoji=hook.text("emoji"))
    made = draft({name: value for name, value in content.items() if name != "bot"}, looks)
    targets: Sequence[Target] = made.targets if named else hook.links
    if not targets:
        raise Failure("unknown-error")
    return Posting(made, targets, content.get("separateResponse") is True)


class Poster:
    """Prepares the messages of hooks."""

    def __init__(self, store: Store, clock: Clock, on_event: Sequence[OnEvent]) -> None:
        self._store = store
        self._clock = clock
        self._on_event = on_event
        self.known = KnownPlaces(store)

    async def prepare(self, hook: Hook, account: Sender, wanted: Posting) -> Posted:
        """The messages of a call; the first target that fails ends it unless each is answered for itself."""
        posted = Posted()
        for target in wanted.targets:
            shown = target.text if isinstance(target, Link) else target
            try:
                document, changes = await self._message(hook, account, target, wanted)
            except Failure as failure:
                posted.results.append((shown, failure))
                if not wanted.separate:
                    break
            else:
                posted.results.append((shown, document))
                posted.changes.guards += changes.guards
                posted.changes.steps += changes.steps
        return posted

    async def _message(
        self, hook: Hook, account: Sender, target: Target, wanted: Posting
    ) -> tuple[Document, Changes]:
        """The message for one target; a refusal counts only where the room has been looked at anew."""
        if isinstance(target, Link) and (place := self.known.find(account, target)) is not None:
            try:
                return await self._prepared(hook, account, place, wanted)
            except Failure:
                self.known.forget()
        place = await self._place(hook, account, target, alone=len(wanted.targets) == 1)
        return await self._prepared(hook, account, place, wanted)

    async def _prepared(
        self, hook: Hook, account: Sender, place: Place, wanted: Posting
    ) -> tuple[Document, Changes]:
        return await prepare(
            self._store,
            self._clock,
            account,
            place,
            wanted.draft,
            on_event=self._on_event,
            bot={"i": hook.id},
        )

    async def _place(self, hook: Hook, account: Sender, target: Target, *, alone: bool) -> Place:
        """The room of a target. Of several targets two may be one room: it is joined or made before the messages."""
        place = await self._found(hook, account, target)
        if alone or not place.changes.steps:
            return place
        await self._store.commit(place.changes)
        return await self._found(hook, account, target)

    async def _found(self, hook: Hook, account: Sender, target: Target) -> Place:
        if isinstance(target, Link):
            return await self._bound(account, target)
        place = await resolve(self._store, self._clock, account, target, on_event=self._on_event)
        if any(_is(place, link) for link in hook.links):
            return place
        access = account.caller.access
        if await creator_may_target(self._store, access, hook.body, place.room.id):
            return place
        raise Failure("error-not-allowed")

    async def _bound(self, account: Sender, link: Link) -> Place:
        """The room that the integration is bound to, by its id: whoever took its name or spells its id is another."""
        if link.target is None:
            raise Failure("", NO_CHANNEL)
        sign = "@" if link.kind == "user" else "#"
        place = await resolve(
            self._store, self._clock, account, f"{sign}{link.target}", on_event=self._on_event
        )
        if not _is(place, link):
            raise Failure("", NO_CHANNEL)
        await self.known.learn(account, place)
        return place


def _is(place: Place, link: Link) -> bool:
    """Whether a place is what a link is bound to."""
    if link.kind == "user":
        return link.target in (place.room.body.get("uids") or ())
    return link.kind == "room" and place.room.id == link.target
