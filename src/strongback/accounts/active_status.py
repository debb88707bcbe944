"""Letting an account in, and keeping it out (spec/08 section 1)."""

from collections.abc import Sequence

from strongback.accounts.administrators import one_remains
from strongback.accounts.caller import Caller
from strongback.accounts.relinquish import relinquish
from strongback.accounts.retry import retry
from strongback.accounts.users import OnUser
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.user import is_active
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put, RemoveTokens

PERMISSIONS = ("edit-other-user-active-status", "manage-moderation-actions")


async def set_active(
    store: Store,
    clock: Clock,
    caller: Caller,
    user_id: str,
    *,
    active: bool,
    agreed: bool,
    room_hooks: Sequence[OnUser] = (),
) -> None:
    """Activate or deactivate an account; whoever is deactivated loses every token, and its rooms as if it went."""
    if not caller.may_any(*PERMISSIONS):
        raise Failure("unauthorized", status=403)

    async def attempt() -> None:
        stored = await store.get("users", user_id)
        if stored is None:
            raise Failure("User not found")
        user, now = stored.decode(), clock()
        changes = Changes([Unchanged("users", user.id, user.revision)], [Put("users", user)])
        await add(store, changes, user, now, active=active, agreed=agreed, room_hooks=room_hooks)
        user.set_date("_updatedAt", now)
        await store.commit(changes)

    await retry(attempt)


async def add(
    store: Store,
    changes: Changes,
    user: Document,
    now: int,
    *,
    active: bool,
    agreed: bool,
    room_hooks: Sequence[OnUser] = (),
) -> None:
    """Add to a commit that writes an account that it is active, or is not."""
    if active:
        user.drop("reason")
    elif is_active(user):
        await one_remains(store, changes, user, last_administrator())
        await relinquish(store, changes, user, now, agreed=agreed, room_hooks=room_hooks)
    if not active:
        changes.steps.append(RemoveTokens(user.id))
    user.set("active", active)


def last_administrator() -> Failure:
    """What is said where nobody could administer the server any more."""
    return Failure("Leaving the app without an active admin is not allowed", "error-action-not-allowed")
