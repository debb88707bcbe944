"""A seeded store, a clock that a test sets, and callers with the roles that a test names."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from strongback.accounts import login, users
from strongback.accounts.caller import Caller
from strongback.accounts.permissions import AccessCache
from strongback.accounts.seed import seed
from strongback.accounts.tokens import issue_login_token
from strongback.documents.document import Document
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.selections import Having
from strongback.storage.steps import Put
from tests.stores import open_store

NOW = 1_700_000_000_000  # 2023-11-14T22:13:20.000Z


@dataclass
class World:
    """A store with an administrator `admin`, password `pw-admin`."""

    store: Store
    cache: AccessCache
    now: int = NOW
    made: list[str] = field(default_factory=list)

    def clock(self) -> int:
        """The time that the test has set."""
        return self.now

    async def caller(self, username: str = "admin") -> Caller:
        """The account as a request with a fresh token would be authenticated."""
        stored = await self.store.user_by_name(username)
        assert stored is not None
        token = await issue_login_token(self.store, self.clock, stored.id)
        caller = await login.authenticate(self.store, self.cache, stored.id, token)
        assert caller is not None
        return caller

    async def user(self, username: str, **more: Any) -> Document:
        """Create an account by the administrator; its password is `pw-<username>`."""
        given = {
            "username": username,
            "name": username.title(),
            "email": f"{username}@example.com",
            "password": f"pw-{username}",
        }
        return await users.create(self.store, self.clock, await self.caller(), given | more)

    async def put(self, kind: str, *documents: Document) -> None:
        """Write documents as they are."""
        await self.store.commit(Changes([], [Put(kind, document) for document in documents]))

    async def setting(self, id: str, value: Any) -> None:
        """Give a setting another value."""
        await self.put("settings", Document(id, {"_id": id, "value": value}))

    async def grant(self, permission: str, *roles: str) -> None:
        """Let these roles alone have a permission."""
        await self.put("permissions", Document(permission, {"_id": permission, "roles": list(roles)}))

    async def bodies(self, kind: str, name: str, value: str) -> list[dict[str, Any]]:
        """The documents with this value in an indexed field."""
        return [row.decode().body for row in await self.store.select(Having(kind, name, value))]

    async def body(self, kind: str, id: str) -> dict[str, Any]:
        """One document, which must exist."""
        stored = await self.store.get(kind, id)
        assert stored is not None
        return stored.decode().body


MakeWorld = Callable[..., Awaitable[World]]


@pytest.fixture
async def make_world(tmp_path: Path) -> AsyncIterator[MakeWorld]:
    """Open and seed stores: `make_world(name="other", test_mode=True)`."""
    opened: list[Store] = []

    async def make(name: str = "store", **settings: Any) -> World:
        store = await open_store(tmp_path / name)
        opened.append(store)
        defaults = {"admin_pass": "pw-admin", "admin_email": "admin@example.com"}
        await seed(store, lambda: NOW, Settings(**(defaults | settings)))
        return World(store, await AccessCache.load(store))

    yield make
    for store in opened:
        await store.close()


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """A seeded store."""
    return await make_world()
