"""Who owns, moderates and leads a room (spec/04 section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strongback import ids
from strongback.accounts import roles
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.message import system_message
from strongback.documents.user import brief
from strongback.errors import Conflict, Failure
from strongback.groups.lookup import NOUNS, check_open
from strongback.groups.standing import standing
from strongback.messages.sender import calling
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import OwnerRemains, Unchanged
from strongback.storage.selections import HoldersOf
from strongback.storage.steps import Put


@dataclass(frozen=True, slots=True)
class RoomRole:
    """A role in a room, with its name in texts and the ids of the refusals where a member has it, or has it not."""

    id: str
    called: str
    held: str
    missing: str


OWNER = RoomRole("owner", "an owner", "error-user-already-owner", "error-user-not-owner")
MODERATOR = RoomRole("moderator", "a moderator", "error-user-already-moderator", "error-user-not-moderator")
LEADER = RoomRole("leader", "a leader", "error-user-already-leader", "error-user-not-leader")


async def give(
    store: Store, clock: Clock, caller: Caller, room: RoomView, user: Document, role: RoomRole
) -> None:
    """Give a member a role in a room, and say so there."""
    await _change(store, clock, caller, room, user, role, added=True)


async def take(
    store: Store, clock: Clock, caller: Caller, room: RoomView, user: Document, role: RoomRole
) -> None:
    """Take a role in a room from a member, and say so there; the last owner keeps it."""
    await _change(store, clock, caller, room, user, role, added=False)


async def _change(
    store: Store,
    clock: Clock,
    caller: Caller,
    room: RoomView,
    user: Document,
    role: RoomRole,
    *,
    added: bool,
) -> None:
    details = {"method": f"{'add' if added else 'remove'}Room{role.id.title()}"}

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        check_open(here.view)
        if not caller.may_in(f"set-{role.id}", here.view.subscription_roles):
            raise Failure("Not allowed", "error-not-allowed", details=details)
        stored = await store.subscription(room.id, user.id)
        if stored is None:
            raise Failure("User is not in this room", "error-user-not-in-room", details=details)
        subscription = stored.decode()
        held = roles.held(subscription)
        if added and role.id in held:
            raise Failure(f"User is already {role.called}", role.held, details=details)
        if not added and role.id not in held:
            raise Failure(f"User is not {role.called}", role.missing, details=details)
        changes, now, author = here.changes(), clock(), (await calling(store, caller)).account
        changes.guards.append(Unchanged("subscriptions", stored.id, stored.revision))
        if role == OWNER and not added:
            changes.guards.append(OwnerRemains(room.id, user.id))
        subscription.set("roles", [*held, role.id] if added else [one for one in held if one != role.id])
        subscription.set_date("_updatedAt", now)
        kind, username = f"subscription-role-{'added' if added else 'removed'}", user.body["username"]
        message = system_message(ids.ordered_id(now), kind, room.id, username, brief(author), now)
        message.set("role", role.id)
        changes.steps += [Put("subscriptions", subscription), Put("messages", message)]
        await _commit(store, changes, details)

    await retry(attempt)


async def _commit(store: Store, changes: Changes, details: Mapping[str, str]) -> None:
    try:
        await store.commit(changes)
    except Conflict as lost:
        if isinstance(lost.guard, OwnerRemains):
            raise roles.last_owner(details) from None
        raise


async def holders(store: Store, caller: Caller, rid: str) -> list[dict[str, Any]]:
    """Everybody who has a role in a room that is described, by username, with all of their roles there."""
    described = [
        role.id
        for role in await roles.list_all(store)
        if role.body.get("scope") == "Subscriptions" and role.body.get("description")
    ]
    found = [
        {name: body[name] for name in ("_id", "rid", "u", "roles")}
        for body in await _held(store, rid, described)
    ]
    if caller.setting("UI_Use_Real_Name"):
        for one in found:
            account = await store.get("users", one["u"]["_id"])
            name = None if account is None else account.decode().body.get("name")
            one["u"] |= {} if name is None else {"name": name}
    return found


async def moderators(store: Store, rid: str) -> list[dict[str, Any]]:
    """The moderators of a room, by username."""
    return [body["u"] for body in await _held(store, rid, [MODERATOR.id])]


async def _held(store: Store, rid: str, ids: list[str]) -> list[dict[str, Any]]:
    bodies = [row.decode().body for row in await store.select(HoldersOf(rid, tuple(ids)))]
    return sorted(bodies, key=lambda body: str(body["u"].get("username", "")))
