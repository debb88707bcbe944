"""Roles that people make themselves."""

from typing import Any

import msgspec

from strongback.accounts import role_changes
from strongback.accounts.role_changes import invalid
from strongback.http.envelope import Answer
from strongback.http.routes.documents import Done
from strongback.http.routes.roles import RoleAnswer, shown
from strongback.http.services import ServerCall, ServerEndpoint


class RoleBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new role; its scope is `Users` or `Subscriptions`."""

    name: str
    description: str | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET
    mandatory2fa: bool | msgspec.UnsetType = msgspec.UNSET


class RoleUpdate(RoleBody, kw_only=True, forbid_unknown_fields=True):
    """A role by its id, as it shall be."""

    roleId: str


class RoleId(msgspec.Struct, forbid_unknown_fields=True):
    """A role by its id or its name."""

    roleId: str


def _given(call: ServerCall, *, named: bool) -> tuple[str, dict[str, Any]]:
    """The id and the other members of a request; Failure for an id that is no text, or missing where it is `named`."""
    members = dict(call.body)
    role_id = members.pop("roleId", None)
    if not isinstance(role_id, str) or (named and not role_id) or "\0" in role_id:
        raise invalid()
    return role_id, members


async def create(call: ServerCall) -> Answer:
    """Make a role."""
    services = call.services
    offered = services.settings.custom_roles
    role = await role_changes.create(services.store, services.clock, call.caller, call.body, offered=offered)
    return {"role": shown(role)}


async def update(call: ServerCall) -> Answer:
    """Change a role."""
    services = call.services
    role_id, members = _given(call, named=False)
    offered = services.settings.custom_roles
    role = await role_changes.update(
        services.store, services.clock, call.caller, role_id, members, offered=offered
    )
    return {"role": shown(role)}


async def delete(call: ServerCall) -> Answer:
    """Remove a role that nobody has."""
    role_id, others = _given(call, named=True)
    if others:
        raise invalid()
    await role_changes.delete(call.services.store, call.services.clock, call.caller, role_id)
    return {}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="roles.create",
        handler=create,
        body=RoleBody,
        answer=RoleAnswer,
        summary="Make a role",
    ),
    ServerEndpoint(
        method="POST",
        path="roles.update",
        handler=update,
        body=RoleUpdate,
        answer=RoleAnswer,
        summary="Change a role",
    ),
    ServerEndpoint(
        method="POST",
        path="roles.delete",
        handler=delete,
        body=RoleId,
        answer=Done,
        summary="Remove a role",
    ),
]
