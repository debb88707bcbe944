"""A store with users and rooms, and callers with exactly the permissions that a test names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strongback.accounts.caller import Caller
from strongback.accounts.setting_defaults import SETTINGS
from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.contract import Access, Store
from strongback.storage.selections import Having
from strongback.storage.steps import Put
from tests.stores import open_store

NOW = 1_700_000_000_000  # 2023-11-14T22:13:20.000Z
IN_ALL, OUT_ALL = "manage-incoming-integrations", "manage-outgoing-integrations"
IN_OWN, OUT_OWN = "manage-own-incoming-integrations", "manage-own-outgoing-integrations"
ALL_FOUR = (IN_ALL, OUT_ALL, IN_OWN, OUT_OWN)


@dataclass
class RoomWorld:
    """A store, and a clock that a test sets. A user's id is `u-` and its name, a room's `r-` and its name."""

    store: Store
    now: int = NOW

    def clock(self) -> int:
        """The time that the test has set."""
        return self.now

    def caller(self, username: str, *permissions: str, **settings: Any) -> Caller:
        """An account that has these permissions and no others."""
        granted = {permission: frozenset({"tested"}) for permission in permissions}
        access = Access(1, granted, {"tested": "Users"}, {**SETTINGS, **settings})
        return Caller(f"u-{username}", username, frozenset({"tested"}), access)

    async def users(self, *usernames: str) -> None:
        """Add accounts."""
        await self.write(
            *(
                Put(
                    "users",
                    Document(
                        f"u-{name}",
                        {"_id": f"u-{name}", "username": name, "active": True, "roles": ["user"]},
                    ),
                )
                for name in usernames
            )
        )

    async def room(self, name: str, *members: str, kind: str = "p", **more: Any) -> str:
        """Add a room with these members, the first of them its owner; answers its id."""
        rid = f"r-{name}"
        steps = [Put("rooms", Document(rid, {"_id": rid, "t": kind, "name": name, **more}))]
        for position, member in enumerate(members):
            id = f"{rid}-{member}"
            user = {"_id": f"u-{member}", "username": member}
            body: dict[str, Any] = {"_id": id, "rid": rid, "u": user, "roles": [] if position else ["owner"]}
            steps.append(Put("subscriptions", Document(id, body)))
        await self.write(*steps)
        return rid

    async def write(self, *steps: Any) -> None:
        """Commit steps without guards."""
        await self.store.commit(Changes(steps=list(steps)))

    async def body(self, kind: str, id: str) -> dict[str, Any]:
        """One document, which must exist."""
        stored = await self.store.get(kind, id)
        assert stored is not None
        return stored.decode().body

    async def bodies(self, kind: str, name: str, value: str) -> list[dict[str, Any]]:
        """The documents with this value in an indexed field."""
        return [row.decode().body for row in await self.store.select(Having(kind, name, value))]


@asynccontextmanager
async def room_world(folder: Path) -> AsyncIterator[RoomWorld]:
    """A new store in a folder, closed at the end."""
    store = await open_store(folder)
    try:
        yield RoomWorld(store)
    finally:
        await store.close()
