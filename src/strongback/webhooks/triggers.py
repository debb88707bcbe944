"""The outgoing integrations in memory, by what they listen to (spec/06 B1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from strongback.documents.document import Document, Stored
from strongback.documents.event import Event
from strongback.egress.client import origin
from strongback.storage.contract import Store
from strongback.storage.steps import Link, Target

Key = tuple[str, str]

ANY: Key = ("any", "")
"""Where integrations stand whose event has no channel."""

EVENTS_WITHOUT_CHANNEL = frozenset({"roomArchived", "roomCreated", "userCreated"})
SCOPE_OF_ROOM = {"c": "all_public_channels", "d": "all_direct_messages"}
PRIVATE = "all_private_groups"


@dataclass(frozen=True, slots=True)
class Trigger:
    """An integration that runs, with where each of its calls goes."""

    id: str
    body: dict[str, Any]
    targets: tuple[Target, ...]
    keys: tuple[Key, ...]


class Triggers:
    """What listens, at one revision of the store; the revision is a guard of every message's commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.revision = 0
        self._by_id: dict[str, Trigger] = {}
        self._by_key: dict[Key, dict[str, Trigger]] = {}

    async def refresh(self) -> None:
        """Take in what has changed since the last look."""
        if await self._store.trigger_revision() == self.revision:
            return
        changes = await self._store.triggers(self.revision)
        if changes.revision <= self.revision:
            return  # a look that began later was answered first
        for id in changes.removed:
            self._drop(id)
        for stored, links in changes.changed:
            self._drop(stored.id)
            self._add(stored, links)
        self.revision = changes.revision

    def select(self, event: Event) -> Iterator[Trigger]:
        """The integrations that listen to such an event where it happened, each once."""
        seen: set[str] = set()
        for key in keys_of(event):
            for id, trigger in self._by_key.get(key, {}).items():
                if id not in seen and trigger.body.get("event") == event.kind:
                    seen.add(id)
                    yield trigger

    def _add(self, stored: Stored, links: Sequence[Link]) -> None:
        body = stored.decode().body
        urls, event = body.get("urls"), body.get("event")
        if body.get("enabled") is not True or not isinstance(urls, list) or not isinstance(event, str):
            return  # what a dump held may be anything
        targets = tuple(Target(stored.id, url, origin(url)) for url in urls if isinstance(url, str))
        trigger = Trigger(stored.id, body, targets, keys_of_integration(body, links))
        self._by_id[stored.id] = trigger
        for key in trigger.keys:
            self._by_key.setdefault(key, {})[stored.id] = trigger

    def _drop(self, id: str) -> None:
        trigger = self._by_id.pop(id, None)
        for key in () if trigger is None else trigger.keys:
            holders = self._by_key[key]
            del holders[id]
            if not holders:
                del self._by_key[key]


def keys_of_integration(body: dict[str, Any], links: Sequence[Link]) -> tuple[Key, ...]:
    """Where an integration stands; one whose links are all dangling stands nowhere."""
    if body.get("event") in EVENTS_WITHOUT_CHANNEL:
        return (ANY,)
    if not links:
        return (("scope", SCOPE_OF_ROOM["c"]),)
    return tuple(dict.fromkeys((link.kind, link.target) for link in links if link.target is not None))


def keys_of(event: Event) -> Iterator[Key]:
    """Where integrations stand that may hear of an event."""
    room = event.room
    if room is not None:
        kind = room.body.get("t")
        yield "scope", SCOPE_OF_ROOM.get(kind, PRIVATE) if isinstance(kind, str) else PRIVATE
        yield "room", room.id
        if kind == "d":
            yield from (("user", id) for id in _others(room, event.user.id))
    yield ANY


def _others(room: Document, user_id: str) -> list[str]:
    members = room.body.get("uids")
    return (
        [id for id in members if isinstance(id, str) and id != user_id] if isinstance(members, list) else []
    )
