"""Accounts."""

from typing import Any

import msgspec

from strongback.accounts import user_deletion, user_info, user_listing, users
from strongback.errors import Failure
from strongback.http import listings, params
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.routes.documents import Done
from strongback.http.services import ServerCall, ServerEndpoint


class User(msgspec.Struct):
    """An account, with the members that the caller may see."""

    _id: str
    username: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType | None = msgspec.UNSET


class UserAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """One account."""

    user: User
    success: bool


class UserBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new account."""

    email: str
    name: str
    password: str
    username: str
    active: bool | msgspec.UnsetType = msgspec.UNSET
    bio: str | msgspec.UnsetType = msgspec.UNSET
    nickname: str | msgspec.UnsetType = msgspec.UNSET
    statusText: str | msgspec.UnsetType = msgspec.UNSET
    roles: list[str] | msgspec.UnsetType = msgspec.UNSET
    joinDefaultChannels: bool | msgspec.UnsetType = msgspec.UNSET
    requirePasswordChange: bool | msgspec.UnsetType = msgspec.UNSET
    setRandomPassword: bool | msgspec.UnsetType = msgspec.UNSET
    sendWelcomeEmail: bool | msgspec.UnsetType = msgspec.UNSET
    verified: bool | msgspec.UnsetType = msgspec.UNSET
    customFields: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    fields: str | msgspec.UnsetType = msgspec.UNSET


class UserDeletion(msgspec.Struct):
    """Which account goes, and whether rooms that it alone owns may go or change hands."""

    userId: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    confirmRelinquish: bool | msgspec.UnsetType = msgspec.UNSET


class UserQuery(msgspec.Struct):
    """Which account, by one of three names; `fields={"userRooms":1}` adds its rooms."""

    userId: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    importId: str | msgspec.UnsetType = msgspec.UNSET
    fields: str | msgspec.UnsetType = msgspec.UNSET


class StatusQuery(listings.ListQuery):
    """Which accounts: `status` is `active` or `deactivated`."""

    status: str | msgspec.UnsetType = msgspec.UNSET
    hasLoggedIn: str | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET
    roles: list[str] | msgspec.UnsetType = msgspec.UNSET
    searchTerm: str | msgspec.UnsetType = msgspec.UNSET


class UsersAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A page of accounts."""

    users: list[User]
    count: int
    offset: int
    total: int
    success: bool


def _named_by(name: str) -> dict[str, object]:
    text = {"type": "string"}
    return {
        "type": "object",
        "properties": {name: text, "fields": text, "includeUserRooms": text},
        "required": [name],
        "additionalProperties": False,
    }


ONE_NAME: dict[str, object] = {"oneOf": [_named_by(name) for name in ("userId", "username", "importId")]}


async def create(call: ServerCall) -> Answer:
    """Make an account."""
    services = call.services
    user = await users.create(
        services.store, services.clock, call.caller, call.checked, on_event=services.on_event
    )
    return {"user": users.shown(user, call.caller)}


async def delete(call: ServerCall) -> Answer:
    """Delete an account."""
    services, caller = call.services, call.caller
    if not caller.may("delete-user"):
        return UNAUTHORIZED
    user_id, username = params.string(call.body, "userId"), params.string(call.body, "username")
    user = await users.by_parameter(services.store, user_id, username)
    agreed = params.boolean(call.body, "confirmRelinquish") or False
    await user_deletion.delete(
        services.store,
        services.clock,
        caller,
        user,
        agreed=agreed,
        hooks=services.on_user_delete,
        room_hooks=services.on_room_delete,
    )
    return {}


async def info(call: ServerCall) -> Answer:
    """One account, as the caller may see it."""
    store, query = call.services.store, call.query
    user = await user_info.find(
        store,
        user_id=params.string(query, "userId"),
        username=params.string(query, "username"),
        import_id=params.string(query, "importId"),
    )
    if user is None:
        raise Failure("User not found.")
    shown = user_info.describe(user, call.caller)
    fields = params.fields(query) or {}
    if fields.get("userRooms") == 1 or params.boolean(query, "includeUserRooms"):
        rooms = await user_info.rooms(store, user, call.caller)
        shown |= {} if rooms is None else {"rooms": rooms}
    return {"user": shown}


async def list_all(call: ServerCall) -> Answer:
    """A page of the accounts."""
    caller, services = call.caller, call.services
    if not caller.may("view-d-room"):
        return UNAUTHORIZED
    wanted = listings.wanted(call)
    found = await user_listing.list_users(services.store, caller, wanted, services.settings.matching_ms)
    return listings.answer("users", found, wanted.offset)


async def list_by_status(call: ServerCall) -> Answer:
    """A page of the accounts of a status."""
    services, query = call.services, call.query
    role = query.get("roles")
    status = user_listing.Status(
        {"active": True, "deactivated": False}.get(params.string(query, "status") or ""),
        params.boolean(query, "hasLoggedIn"),
        params.string(query, "type"),
        [role] if isinstance(role, str) else params.strings(query, "roles"),
        params.string(query, "searchTerm") or "",
    )
    wanted = listings.wanted(call)
    found = await user_listing.list_by_status(
        services.store, call.caller, status, wanted, services.settings.matching_ms
    )
    return listings.answer("users", found, wanted.offset)


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="users.create",
        handler=create,
        body=UserBody,
        validate=True,
        answer=UserAnswer,
        summary="Make an account",
    ),
    ServerEndpoint(
        method="POST",
        path="users.delete",
        handler=delete,
        body=UserDeletion,
        answer=Done,
        summary="Delete an account",
    ),
    ServerEndpoint(
        method="GET",
        path="users.info",
        handler=info,
        query=UserQuery,
        schema=ONE_NAME,
        validate=True,
        answer=UserAnswer,
        summary="Show an account",
    ),
    ServerEndpoint(
        method="GET",
        path="users.list",
        handler=list_all,
        query=listings.ListQuery,
        answer=UsersAnswer,
        summary="List accounts",
    ),
    ServerEndpoint(
        method="GET",
        path="users.listByStatus",
        handler=list_by_status,
        permissions=("view-d-room",),
        query=StatusQuery,
        answer=UsersAnswer,
        summary="List accounts by their status",
    ),
]
