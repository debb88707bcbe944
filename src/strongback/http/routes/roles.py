"""Roles."""

from typing import Any

import msgspec

from strongback.accounts import roles, users
from strongback.accounts.permissions import date_parameter
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.http import listings, params
from strongback.http.envelope import Answer
from strongback.http.routes.documents import User
from strongback.http.services import ServerCall, ServerEndpoint


class Role(msgspec.Struct):
    """A role."""

    _id: str
    name: str
    scope: str


class RolesAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """All roles."""

    roles: list[Role]
    success: bool


class RoleChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Roles that are, and those that were."""

    update: list[Role]
    remove: list[Any]


class RoleChangesAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What changed."""

    roles: RoleChanges
    success: bool


class RoleChangesQuery(msgspec.Struct):
    """Since when."""

    updatedSince: str


class RoleAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The role in question."""

    role: Role
    success: bool


class RoleGift(msgspec.Struct):
    """A role by its id, a user, and the room where the role is one of rooms."""

    roleId: str | msgspec.UnsetType = msgspec.UNSET
    roleName: str | msgspec.UnsetType = msgspec.UNSET
    userId: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    roomId: str | msgspec.UnsetType = msgspec.UNSET


class RoleRemoval(msgspec.Struct):
    """A role by its id, a user, and (as `scope`) the room where the role is one of rooms."""

    roleId: str | msgspec.UnsetType = msgspec.UNSET
    roleName: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET


class RoleUsersQuery(msgspec.Struct):
    """A role, the room where it is one of rooms, and a page."""

    role: str
    roomId: str | msgspec.UnsetType = msgspec.UNSET
    offset: str | msgspec.UnsetType = msgspec.UNSET
    count: str | msgspec.UnsetType = msgspec.UNSET


class RoleUsersAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A page of the users who have the role."""

    users: list[User]
    total: int
    success: bool


class PublicHolder(msgspec.Struct, forbid_unknown_fields=True):
    """An account, and its roles that have a description."""

    _id: str
    username: str
    roles: list[str]


class PublicHoldersAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """Everybody who has such a role."""

    users: list[PublicHolder]
    success: bool


def shown(role: Document) -> dict[str, Any]:
    """A role without the time of its last change."""
    return {name: value for name, value in role.body.items() if name != "_updatedAt"}


async def list_all(call: ServerCall) -> Answer:
    """All roles."""
    return {"roles": [shown(role) for role in await roles.list_all(call.services.store)]}


async def sync(call: ServerCall) -> Answer:
    """The roles that changed since a time; none is ever removed."""
    since = params.string(call.query, "updatedSince")
    if since is None:
        raise Failure("Match error: Missing key 'updatedSince'")
    changed = await roles.changed_since(call.services.store, date_parameter(since))
    return {"roles": {"update": [role.body for role in changed], "remove": []}}


def _role_id(call: ServerCall) -> str:
    given = params.string(call.body, "roleId")
    if not given and (given := params.string(call.body, "roleName")):
        call.deprecate_parameter("roleName")
    if not given:
        raise Failure("", "error-invalid-role-properties")
    return given


async def add(call: ServerCall) -> Answer:
    """Give a user a role."""
    services, role_id = call.services, _role_id(call)
    user_id, username = params.string(call.body, "userId"), params.string(call.body, "username")
    user = await users.by_parameter(services.store, user_id, username)
    role = await roles.find(services.store, role_id)
    if role is None:
        raise Failure("error-role-not-found", "Role not found", bracket=False)  # swapped upstream
    room_id = params.string(call.body, "roomId")
    await roles.add_user(services.store, services.clock, call.caller, role, user, room_id)
    return {"role": shown(role)}


async def remove(call: ServerCall) -> Answer:
    """Take a role from a user."""
    services, role_id = call.services, _role_id(call)
    username, scope = params.string(call.body, "username"), params.string(call.body, "scope")
    if not username:
        raise Failure("", "error-invalid-role-properties")
    role = await roles.remove_user(services.store, services.clock, call.caller, role_id, username, scope)
    return {"role": shown(role)}


async def users_in(call: ServerCall) -> Answer:
    """A page of the users who have a role."""
    role_id = params.string(call.query, "role")
    if not role_id:
        raise Failure('Query param "role" is required', "error-param-not-provided")
    room_id, wanted = params.string(call.query, "roomId"), listings.wanted(call)
    found, total = await roles.users_in(
        call.services.store, call.caller, role_id, room_id, wanted.offset, wanted.count
    )
    return {"users": found, "total": total}


async def users_in_public(call: ServerCall) -> Answer:
    """Everybody who has a role with a description."""
    return {"users": await roles.in_public_roles(call.services.store)}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET", path="roles.list", handler=list_all, answer=RolesAnswer, summary="List roles"
    ),
    ServerEndpoint(
        method="GET",
        path="roles.sync",
        handler=sync,
        query=RoleChangesQuery,
        answer=RoleChangesAnswer,
        summary="List the roles that changed",
    ),
    ServerEndpoint(
        method="GET",
        path="roles.getUsersInRole",
        handler=users_in,
        query=RoleUsersQuery,
        answer=RoleUsersAnswer,
        summary="List the users who have a role",
    ),
    ServerEndpoint(
        method="GET",
        path="roles.getUsersInPublicRoles",
        handler=users_in_public,
        answer=PublicHoldersAnswer,
        summary="List the users whose roles have a description",
    ),
    ServerEndpoint(
        method="POST",
        path="roles.addUserToRole",
        handler=add,
        body=RoleGift,
        answer=RoleAnswer,
        summary="Give a user a role",
    ),
    ServerEndpoint(
        method="POST",
        path="roles.removeUserFromRole",
        handler=remove,
        body=RoleRemoval,
        answer=RoleAnswer,
        summary="Take a role from a user",
    ),
]
