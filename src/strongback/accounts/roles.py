"""Roles: what exists, and who has which (spec/03 section 5)."""

from strongback.accounts.caller import Caller
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Conflict, Failure, Unavailable
from strongback.storage.contract import AdminRemains, Changes, Everything, Put, Store, Unchanged

TRIES = 10
NO_ACCESS = ("Accessing permissions is not allowed", "error-action-not-allowed")


async def list_all(store: Store) -> list[Document]:
    """All roles."""
    return [stored.decode() for stored in await store.select(Everything("roles"))]


async def find(store: Store, given: str | None) -> Document:
    """The role with this id or name; the wire has text and id swapped where there is none."""
    if not given:
        raise Failure("", "error-invalid-role-properties")
    for role in await list_all(store):
        if given in (role.id, role.body.get("name")):
            return role
    raise Failure("error-role-not-found", "Role not found", bracket=False)


async def add_user(store: Store, clock: Clock, caller: Caller, role: Document, username: str) -> None:
    """Give a user a role of the scope Users."""
    if not caller.may("access-permissions"):
        raise Failure(*NO_ACCESS)
    if role.id == "admin" and not caller.may("assign-admin-role"):
        raise Failure("Assigning admin is not allowed", "error-action-not-allowed")
    await _change(store, clock, role, username, add=True)


async def remove_user(store: Store, clock: Clock, caller: Caller, role: Document, username: str) -> None:
    """Take a role of the scope Users from a user; the last administrator keeps it."""
    if not caller.may("access-permissions"):
        raise Failure("Accessing permissions is not allowed", "error-not-allowed")
    await _change(store, clock, role, username, add=False)


async def _change(store: Store, clock: Clock, role: Document, username: str, *, add: bool) -> None:
    for _ in range(TRIES):
        stored = await store.user_by_name(username)
        if stored is None:
            raise Failure("There is no user with this username", "error-invalid-user")
        user = stored.decode()
        held = [name for name in user.body.get("roles") or [] if name != role.id]
        has = role.id in (user.body.get("roles") or [])
        if add and has:
            raise Failure("User already in role", "error-user-already-in-role")
        if not add and not has:
            raise Failure("User is not in this role", "error-user-not-in-role")
        user.set("roles", [*held, role.id] if add else held)
        user.set_date("_updatedAt", clock())
        changes = Changes([Unchanged("users", user.id, user.revision)], [Put("users", user)])
        if not add and role.id == "admin":
            changes.guards.append(AdminRemains(user.id))
        try:
            await store.commit(changes)
        except Conflict as conflict:
            if isinstance(conflict.guard, AdminRemains):
                raise Failure("You need to have at least one admin", "error-admin-required") from None
            continue
        return
    raise Unavailable(f"the account {username} is being changed by others; try again in a moment")
