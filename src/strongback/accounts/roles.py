"""Roles: what exists, and who has which (spec/03 section 5)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.accounts.administrators import ADMIN, one_remains
from strongback.accounts.caller import Caller
from strongback.accounts.permissions import changed
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Conflict, Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import OwnerRemains, Present, Unchanged
from strongback.storage.selections import Everything, HoldersOf, UsersWith
from strongback.storage.steps import Put

SHOWN_OF_USERS = ("_id", "name", "username", "emails", "avatarETag", "createdAt", "_updatedAt")


async def list_all(store: Store) -> list[Document]:
    """All roles."""
    return [stored.decode() for stored in await store.select(Everything("roles"))]


async def changed_since(store: Store, since: int) -> list[Document]:
    """The roles that changed after a time in epoch milliseconds."""
    return [role for role in await list_all(store) if changed(role) > since]


async def find(store: Store, given: str | None) -> Document | None:
    """The role with this id, else the one with this name."""
    stored = None if given is None else await store.get("roles", given)
    if stored is not None:
        return stored.decode()
    return next((role for role in await list_all(store) if role.body.get("name") == given), None)


def held(document: Document) -> list[str]:
    """The roles that an account or a subscription lists."""
    roles = document.body.get("roles")
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


async def add_user(
    store: Store, clock: Clock, caller: Caller, role: Document, user: Document, room_id: str | None
) -> None:
    """Give a user a role: of its own, or in a room where the role is one of rooms."""

    async def attempt() -> None:
        kind, holder = await _holder(store, role, user.id, room_id)
        if holder is not None and role.id in held(holder):
            raise Failure("User already in role", "error-user-already-in-role")
        if not caller.may("access-permissions"):
            raise Failure("Accessing permissions is not allowed", "error-action-not-allowed")
        if role.id == ADMIN and not caller.may("assign-admin-role"):
            raise Failure("Assigning admin is not allowed", "error-action-not-allowed")
        if holder is None:
            raise Failure("User is not part of given room", "error-invalid-user")
        changes = _with_roles(kind, holder, [*held(holder), role.id], clock())
        changes.guards.append(Present("roles", role.id))
        await store.commit(changes)

    await retry(attempt)


async def remove_user(
    store: Store, clock: Clock, caller: Caller, role_id: str, username: str, room_id: str | None
) -> Document:
    """Take a role from a user; the last administrator and the last owner of a room keep it. Answers the role."""
    if not caller.may("access-permissions"):
        raise Failure("Accessing permissions is not allowed", "error-not-allowed")
    user = await store.user_by_name(username)
    if user is None:
        raise Failure("There is no user with this username", "error-invalid-user")
    role = await find(store, role_id)
    if role is None:
        raise Failure("This role does not exist", "error-invalid-roleId")
    last = Failure("You need to have at least one admin", "error-admin-required")

    async def attempt() -> None:
        kind, holder = await _holder(store, role, user.id, room_id)
        if holder is None or role.id not in held(holder):
            raise Failure("User is not in this role", "error-user-not-in-role")
        changes = _with_roles(kind, holder, [one for one in held(holder) if one != role.id], clock())
        if role.id == ADMIN:
            await one_remains(store, changes, user.decode(), last)
        if role.id == "owner" and room_id is not None:
            changes.guards.append(OwnerRemains(room_id, user.id))
        try:
            await store.commit(changes)
        except Conflict as conflict:
            if isinstance(conflict.guard, OwnerRemains):
                raise last_owner() from None
            raise

    await retry(attempt)
    return role


def last_owner(details: object = None) -> Failure:
    """What a caller hears who would leave a room without an owner."""
    return Failure(
        "This is the last owner. Please set a new owner before removing this one.",
        "error-remove-last-owner",
        details=details,
    )


async def _holder(
    store: Store, role: Document, user_id: str, room_id: str | None
) -> tuple[str, Document | None]:
    """The document that lists the role: the account, or its subscription to the room."""
    if role.body.get("scope") != "Subscriptions":
        kind, stored = "users", await store.get("users", user_id)
    else:
        kind = "subscriptions"
        stored = None if room_id is None else await store.subscription(room_id, user_id)
    return kind, None if stored is None else stored.decode()


def _with_roles(kind: str, holder: Document, roles: list[str], now: int) -> Changes:
    holder.set("roles", roles)
    holder.set_date("_updatedAt", now)
    return Changes([Unchanged(kind, holder.id, holder.revision)], [Put(kind, holder)])


async def users_in(
    store: Store, caller: Caller, role_id: str, room_id: str | None, offset: int, count: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of those who have a role, by username, and how many they are; of a role of rooms, those of this room.

    A `count` of 0 means all that follow.
    """
    if not caller.may("access-permissions") or (room_id and not caller.may("view-other-user-channels")):
        raise Failure("Not allowed", "error-not-allowed")
    role = await find(store, role_id)
    if role is None:
        raise Failure("", "error-invalid-roleId")
    if role.body.get("scope") != "Subscriptions":
        page = await store.page(UsersWith(role.id), "username", offset, count)
        return [_shown(msgspec.json.decode(text)) for text in page.texts], page.total
    users = [] if room_id is None else await _members_with(store, role.id, room_id)
    users.sort(key=lambda user: str(user.get("username", "")))
    return [_shown(user) for user in users[offset : offset + count if count else None]], len(users)


def _shown(user: Mapping[str, Any]) -> dict[str, Any]:
    return {name: user[name] for name in SHOWN_OF_USERS if name in user}


async def _members_with(store: Store, role_id: str, room_id: str) -> list[Mapping[str, Any]]:
    rows = await store.select(HoldersOf(room_id, (role_id,)))
    users = [await store.get("users", row.decode().body["u"]["_id"]) for row in rows]
    return [user.decode().body for user in users if user is not None]


async def in_public_roles(store: Store) -> list[dict[str, Any]]:
    """Everybody who has a role with a description, with these roles, by username (roles.getUsersInPublicRoles)."""
    public = {
        role.id
        for role in await list_all(store)
        if role.body.get("scope") == "Users" and role.body.get("description")
    }
    found: dict[str, dict[str, Any]] = {}
    for id in sorted(public):
        page = await store.page(UsersWith(id), "username", 0, 0)
        found |= {body["_id"]: body for body in map(msgspec.json.decode, page.texts)}
    return [
        {
            "_id": body["_id"],
            "username": body.get("username"),
            "roles": [role for role in body["roles"] if role in public],
        }
        for body in sorted(found.values(), key=lambda body: str(body.get("username", "")))
    ]
