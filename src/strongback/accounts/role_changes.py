"""Roles that people make themselves: new ones, other names, their end (spec/03 section 5)."""

from collections.abc import Mapping
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.accounts.roles import find, held, list_all
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Conflict, Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Guard, RoleUnused, Unchanged
from strongback.storage.selections import Everything
from strongback.storage.steps import Put, Remove, Step

SCOPES = ("Users", "Subscriptions")
ENTERPRISE = ("This is an enterprise feature", "error-action-not-allowed")

Given = Mapping[str, Any]


async def create(store: Store, clock: Clock, caller: Caller, given: Given, *, offered: bool) -> Document:
    """Make a role; `offered` says whether the process lets people make any."""
    if not offered:
        raise Failure(*ENTERPRISE)
    members = properties(given)
    _require_permission(caller)

    async def attempt() -> Document:
        changes = await _alone(store, members["name"], None)
        role = Document(ids.document_id(), {})
        role.body |= {"_id": role.id, "description": "", "mandatory2fa": False, "protected": False}
        role.body |= {"scope": SCOPES[0], **members}
        _write(changes, role, clock())
        await store.commit(changes)
        return role

    return await retry(attempt)


async def update(
    store: Store, clock: Clock, caller: Caller, role_id: str, given: Given, *, offered: bool
) -> Document:
    """Change a role; one that is protected keeps its name and scope."""
    members = properties(given)
    _require_permission(caller)

    async def attempt() -> Document:
        stored = await store.get("roles", role_id)
        role = None if stored is None else stored.decode()
        if not offered and (role is None or not role.body.get("protected")):
            raise Failure(*ENTERPRISE)
        if role is None:
            raise _unknown()
        kept = {name: role.body.get(name) for name in ("name", "scope")}
        if role.body.get("protected") and any(members.get(name, old) != old for name, old in kept.items()):
            raise Failure("Role is protected", "error-role-protected")
        changes = await _alone(store, members["name"], role)
        if members.get("scope", kept["scope"]) != kept["scope"]:
            changes.guards.append(RoleUnused(role.id))
        for name, value in members.items():
            role.set(name, value)
        _write(changes, role, clock())
        await _commit(store, changes, "Cannot change the scope of a role that is in use")
        return role

    return await retry(attempt)


async def delete(store: Store, clock: Clock, caller: Caller, role_id: str) -> None:
    """Remove a role that nobody has, also from every permission that it holds."""
    _require_permission(caller)

    async def attempt() -> None:
        role = await find(store, role_id)
        if role is None:
            raise _unknown()
        if role.body.get("protected"):
            raise Failure("Cannot delete a protected role", "error-role-protected")
        changes = Changes([RoleUnused(role.id)], [Remove("roles", role.id)])
        for permission in [stored.decode() for stored in await store.select(Everything("permissions"))]:
            if role.id in (roles := held(permission)):
                permission.set("roles", [one for one in roles if one != role.id])
                permission.set_date("_updatedAt", clock())
                changes.guards.append(Unchanged("permissions", permission.id, permission.revision))
                changes.steps.append(Put("permissions", permission))
        await _commit(store, changes, "Cannot delete role because it's in use")

    await retry(attempt)


def properties(given: Given) -> dict[str, Any]:
    """The members of a role from a request; Failure for others, and for values of another type."""
    types = {"name": str, "description": str, "scope": str, "mandatory2fa": bool}
    members = {name: value for name, value in given.items() if value is not None}
    if not members.get("name") or any(type(value) is not types.get(name) for name, value in members.items()):
        raise invalid()
    if members.get("scope", SCOPES[0]) not in SCOPES:
        raise Failure("Invalid scope", "error-invalid-scope")
    return members


def invalid() -> Failure:
    """What is said of a request that does not describe a role."""
    return Failure("The role properties are invalid.", "error-invalid-role-properties")


def _unknown() -> Failure:
    return Failure("This role does not exist", "error-invalid-roleId")


def _require_permission(caller: Caller) -> None:
    if not caller.may("access-permissions"):
        raise Failure("Accessing permissions is not allowed", "error-action-not-allowed")


async def _alone(store: Store, name: str, role: Document | None) -> Changes:
    """Changes under which no other role has the name, or the name as its id; Failure where one has."""
    # Writing one of those that are always there makes two requests at once take turns: so it is read before the others.
    anchor = await store.get("roles", "user")
    for one in await list_all(store):
        if role is not None and one.id == role.id:
            continue
        if name in (one.id, one.body.get("name")):
            raise Failure("Role name already exists", "error-duplicate-role-names-not-allowed")
    guards: list[Guard] = []
    steps: list[Step] = []
    if anchor is not None and (role is None or role.id != anchor.id):
        guards.append(Unchanged("roles", anchor.id, anchor.revision))
        steps.append(Put("roles", anchor.decode()))
    return Changes(guards, steps)


def _write(changes: Changes, role: Document, now: int) -> None:
    role.set_date("_updatedAt", now)
    if role.revision:
        changes.guards.append(Unchanged("roles", role.id, role.revision))
    changes.steps.append(Put("roles", role))


async def _commit(store: Store, changes: Changes, used: str) -> None:
    try:
        await store.commit(changes)
    except Conflict as conflict:
        if isinstance(conflict.guard, RoleUnused):
            raise Failure(used, "error-role-in-use") from None
        raise
