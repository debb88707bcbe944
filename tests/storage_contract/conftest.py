"""Every test of this folder runs on every store."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Link, Put, PutIntegration, Token
from tests.stores import StoreName, open_store

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgres"])
def store_name(request: pytest.FixtureRequest) -> StoreName:
    """Which store it is."""
    name: StoreName = request.param
    return name


@pytest.fixture
async def store(store_name: StoreName, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store."""
    opened = await open_store(tmp_path, store_name)
    yield opened
    await opened.close()


def user(id: str, username: str, **members: Any) -> Put:
    """A step that puts a user."""
    body = {"_id": id, "username": username, "active": True, "roles": ["user"], **members}
    return Put("users", Document(id, body))


def room(id: str, name: str | None, **members: Any) -> Put:
    """A step that puts a private group."""
    named = {} if name is None else {"name": name}
    return Put("rooms", Document(id, {"_id": id, "t": "p", **named, **members}))


def subscription(rid: str, user_id: str, *roles: str) -> Put:
    """A step that makes a user a member of a room."""
    id = f"{rid}-{user_id}"
    return Put(
        "subscriptions", Document(id, {"_id": id, "rid": rid, "u": {"_id": user_id}, "roles": list(roles)})
    )


def integration(id: str, *links: Link, created: int = 0, **members: Any) -> PutIntegration:
    """A step that puts an integration with its links."""
    document = Document(id, {"_id": id, "type": "webhook-incoming", **members})
    document.set_date("_createdAt", created)
    return PutIntegration(document, links)


def login_token(user_id: str, hash: str, when: str = "2024-01-01T00:00:00.000Z") -> Token:
    """A login token."""
    return Token(user_id, hash, {"when": when, "hashedToken": hash}, (("when",),))


async def write(store: Store, *steps: Any) -> None:
    """Commit steps without guards."""
    await store.commit(Changes(steps=list(steps)))
