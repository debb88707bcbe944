"""Permissions."""

from typing import Any

import msgspec

from strongback.accounts import permissions
from strongback.http import params
from strongback.http.envelope import Answer
from strongback.http.services import ServerCall, ServerEndpoint


class Permission(msgspec.Struct):
    """A permission and the roles that hold it; permissions of settings have further members."""

    _id: str
    roles: list[str]


class PermissionsChange(msgspec.Struct, forbid_unknown_fields=True):
    """The roles of one permission, as they shall be."""

    _id: str
    roles: list[str]


class PermissionsBody(msgspec.Struct):
    """Which permissions change."""

    permissions: list[PermissionsChange]


class PermissionsAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """All permissions."""

    permissions: list[Permission]
    success: bool


class PermissionsListQuery(msgspec.Struct):
    """Only what changed after a date."""

    updatedSince: str | msgspec.UnsetType = msgspec.UNSET


class PermissionsListAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """Permissions that are, and those that were."""

    update: list[Permission]
    remove: list[Any]
    success: bool


async def list_all(call: ServerCall) -> Answer:
    """All permissions."""
    since = params.string(call.query, "updatedSince")
    found = await permissions.list_all(call.services.store, since)
    return {"update": [one.body for one in found], "remove": []}


async def update(call: ServerCall) -> Answer:
    """Replace the roles of permissions."""
    services = call.services
    given = call.body.get("permissions")
    found = await permissions.update(services.store, services.clock, services.access, call.caller, given)
    shown = ("_id", "roles", "_updatedAt")
    return {"permissions": [{name: one.body[name] for name in shown if name in one.body} for one in found]}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="permissions.listAll",
        handler=list_all,
        query=PermissionsListQuery,
        answer=PermissionsListAnswer,
        summary="List permissions and their roles",
    ),
    ServerEndpoint(
        method="POST",
        path="permissions.update",
        handler=update,
        body=PermissionsBody,
        answer=PermissionsAnswer,
        summary="Replace the roles of permissions",
    ),
]
