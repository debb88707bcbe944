"""Who is there, and what people say of it; nothing but this and a live connection changes it (spec/08 section 1)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.accounts.permissions import changed
from strongback.accounts.profile import STATUS_TEXT_LENGTH
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.selections import Everything, Reachable
from strongback.storage.steps import Put

TYPES = ("online", "away", "offline", "busy")
OFFLINE = "offline"
SHOWN = ("_id", "name", "username", "status", "utcOffset", "statusText", "avatarETag")
RECENT_MS = 10 * 60_000
"""Whoever asks for the changes since a longer time ago is told of everybody."""


def set_type(user: Document, caller: Caller, status: str) -> None:
    """Set what an account shows as its presence; Failure for what it may not show."""
    if status not in TYPES:
        raise Failure(
            "Valid status types include online, away, offline, and busy.",
            "error-invalid-status",
            details={"method": "users.setStatus"},
        )
    if status == OFFLINE and not caller.setting("Accounts_AllowInvisibleStatusOption"):
        raise Failure(
            "Invisible status is disabled", "error-status-not-allowed", details={"method": "users.setStatus"}
        )
    user.set("status", status)
    user.set("statusDefault", status)


async def set_status(
    store: Store, clock: Clock, caller: Caller, user_id: str, message: str | None, status: str | None
) -> None:
    """Set an account's presence, the sentence beside it, or both."""

    async def attempt() -> None:
        stored = await store.get("users", user_id)
        if stored is None:
            raise Failure("unauthorized", status=403)
        user = stored.decode()
        if message is not None:
            user.set("statusText", message.strip()[:STATUS_TEXT_LENGTH])
        if status:
            set_type(user, caller, status)
        user.set_date("_updatedAt", clock())
        await store.commit(Changes([Unchanged("users", user.id, user.revision)], [Put("users", user)]))

    await retry(attempt)


async def reachable(store: Store) -> list[dict[str, Any]]:
    """Everybody who is not offline, by username."""
    page = await store.page(Reachable(), "username", 0, 0)
    return [shown(msgspec.json.decode(text)) for text in page.texts]


async def of(store: Store, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Those of these accounts that are not offline."""
    stored = [await store.get("users", id) for id in dict.fromkeys(ids)]
    bodies = [one.decode().body for one in stored if one is not None]
    return [shown(body) for body in bodies if body.get("status") in TYPES and body["status"] != OFFLINE]


async def since(store: Store, caller: Caller, moment: int) -> list[dict[str, Any]]:
    """Everybody but the caller who changed at a moment (epoch milliseconds) or after it."""
    found = []
    async for rows in store.scan(Everything("users"), "id"):
        users = (row.decode() for row in rows)
        found += [shown(one.body) for one in users if one.id != caller.id and changed(one) >= moment]
    return found


def shown(body: dict[str, Any]) -> dict[str, Any]:
    """An account as lists of presence show it."""
    return {name: body[name] for name in SHOWN if name in body}
