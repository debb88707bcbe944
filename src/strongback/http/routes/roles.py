"""Roles."""

import msgspec

from strongback.accounts import roles
from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import Answer
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


class RoleAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The role in question."""

    role: Role
    success: bool


class RoleOfUser(msgspec.Struct):
    """A role, by id or name, and a user."""

    roleId: str | msgspec.UnsetType = msgspec.UNSET
    roleName: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET


async def list_all(call: ServerCall) -> Answer:
    """All roles, without the time of their last change."""
    found = await roles.list_all(call.services.store)
    return {"roles": [{k: v for k, v in role.body.items() if k != "_updatedAt"} for role in found]}


async def add(call: ServerCall) -> Answer:
    """Give a user a role."""
    return await _change(call, add=True)


async def remove(call: ServerCall) -> Answer:
    """Take a role from a user."""
    return await _change(call, add=False)


async def _change(call: ServerCall, *, add: bool) -> Answer:
    services = call.services
    if params.string(call.body, "roomId"):
        raise params.invalid("roomId", "is not supported: roles of a room are changed in the room")
    given = params.string(call.body, "roleId") or params.string(call.body, "roleName")
    role = await roles.find(services.store, given)
    username = params.string(call.body, "username")
    if not username:
        raise Failure("There is no user with this username", "error-invalid-user")
    change = roles.add_user if add else roles.remove_user
    await change(services.store, services.clock, call.caller, role, username)
    return {"role": role.body}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET", path="roles.list", handler=list_all, answer=RolesAnswer, summary="List roles"
    ),
    ServerEndpoint(
        method="POST",
        path="roles.addUserToRole",
        handler=add,
        body=RoleOfUser,
        answer=RoleAnswer,
        summary="Give a user a role",
    ),
    ServerEndpoint(
        method="POST",
        path="roles.removeUserFromRole",
        handler=remove,
        body=RoleOfUser,
        answer=RoleAnswer,
        summary="Take a role from a user",
    ),
]
