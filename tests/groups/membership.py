"""What the tests of membership share: rooms to come into, what was told, and somebody who is always faster."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.documents.event import Event
from strongback.messages.sender import public
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from tests.room_world import RoomWorld


class Told:
    """A hook that keeps the events that it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []
        self.documents: list[Event] = []

    async def __call__(self, changes: Changes, event: Event) -> None:
        assert event.room is not None
        self.events.append((event.kind, event.room.id, event.user.id))
        self.documents.append(event)


class Overtaken:
    """A store in which something else happens right before the first commit."""

    def __init__(self, store: Store, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._meanwhile: Callable[[], Awaitable[None]] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, changes: Changes) -> None:
        """Let the other thing happen, then commit."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        await self._store.commit(changes)


def overtaken(world: RoomWorld, meanwhile: Callable[[], Awaitable[None]]) -> Store:
    """The world's store, in which something happens between a read and its commit."""
    return cast("Store", Overtaken(world.store, meanwhile))


async def view(world: RoomWorld, caller: Caller, rid: str) -> RoomView:
    """The room as a route has looked it up."""
    found = await world.store.room_by_id(rid, caller.id)
    assert found is not None
    return found


async def account(world: RoomWorld, name: str) -> Document:
    """An account as an invitation has found it."""
    stored = await world.store.get("users", f"u-{name}")
    assert stored is not None
    return public(stored)


async def inside(world: RoomWorld, rid: str) -> dict[str, list[str]]:
    """The members of a room with their roles there."""
    found = await world.bodies("subscriptions", "rid", rid)
    return {one["u"]["username"]: one.get("roles", []) for one in found}


async def said(world: RoomWorld, rid: str) -> list[tuple[str, ...]]:
    """The messages of a room: type, text, author's id, and the role where there is one."""
    found = await world.bodies("messages", "rid", rid)
    found.sort(key=lambda one: (one["ts"], one["_id"]))
    return [
        (one["t"], one["msg"], one["u"]["_id"], *([one["role"]] if "role" in one else [])) for one in found
    ]
