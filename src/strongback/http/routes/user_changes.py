"""Changing accounts: their members, whether they may log in, what they prefer."""

from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.accounts import active_status, own_info, update_user, users
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.routes.users import UserAnswer
from strongback.http.second_factor import second_factor
from strongback.http.services import ServerCall, ServerEndpoint

Text = str | msgspec.UnsetType | None
Switch = bool | msgspec.UnsetType | None
UNSET = msgspec.UNSET


class Members(msgspec.Struct, forbid_unknown_fields=True):
    """The members of an account that change."""

    email: Text = UNSET
    name: Text = UNSET
    password: Text = UNSET
    username: Text = UNSET
    bio: Text = UNSET
    nickname: Text = UNSET
    statusText: Text = UNSET
    active: Switch = UNSET
    roles: list[str] | msgspec.UnsetType | None = UNSET
    joinDefaultChannels: Switch = UNSET
    requirePasswordChange: Switch = UNSET
    sendWelcomeEmail: Switch = UNSET
    verified: Switch = UNSET
    customFields: dict[str, Any] | msgspec.UnsetType | None = UNSET


class UserUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Which account changes, how, and whether rooms that it alone owns may change hands."""

    userId: str
    data: Members
    confirmRelinquish: bool | msgspec.UnsetType = UNSET


class OwnMembers(msgspec.Struct, forbid_unknown_fields=True):
    """The members of the caller's own account that change; passwords as `newPassword` and the current one's SHA-256."""

    email: Text = UNSET
    name: Text = UNSET
    username: Text = UNSET
    nickname: Text = UNSET
    bio: Text = UNSET
    statusText: Text = UNSET
    statusType: Text = UNSET
    currentPassword: Text = UNSET
    newPassword: Text = UNSET


class OwnUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """What the caller changes of itself."""

    data: OwnMembers
    customFields: dict[str, Any] | msgspec.UnsetType | None = UNSET


class ActiveStatus(msgspec.Struct, forbid_unknown_fields=True):
    """Which account may log in, or may not."""

    userId: str
    activeStatus: bool
    confirmRelinquish: bool | msgspec.UnsetType = UNSET


class ActiveUser(msgspec.Struct, forbid_unknown_fields=True):
    """An account, and whether it may log in."""

    _id: str
    active: bool


class ActiveAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The account."""

    user: ActiveUser
    success: bool


async def update(call: ServerCall) -> Answer:
    """Change an account."""
    await second_factor(call)
    services = call.services
    given: Mapping[str, Any] = call.checked
    user = await update_user.update(
        services.store,
        services.clock,
        call.caller,
        given["userId"],
        given["data"],
        agreed=given.get("confirmRelinquish", False),
        on_rename=services.on_user_rename,
        room_hooks=services.on_room_delete,
    )
    return {"user": users.shown(user, call.caller)}


async def update_own(call: ServerCall) -> Answer:
    """Change the caller's own account."""
    services = call.services
    given: Mapping[str, Any] = call.checked
    user = await own_info.update_own(
        services.store,
        services.clock,
        call.caller,
        given["data"],
        given.get("customFields"),
        on_rename=services.on_user_rename,
    )
    return {"user": users.shown(user, call.caller)}


async def set_active(call: ServerCall) -> Answer:
    """Let an account in, or keep it out."""
    services = call.services
    given: Mapping[str, Any] = call.checked
    if not call.caller.may_any(*active_status.PERMISSIONS):
        return UNAUTHORIZED
    active = given["activeStatus"]
    await active_status.set_active(
        services.store,
        services.clock,
        call.caller,
        given["userId"],
        active=active,
        agreed=given.get("confirmRelinquish", False),
        room_hooks=services.on_room_delete,
    )
    return {"user": {"_id": given["userId"], "active": active}}


def _post(
    name: str, handler: Any, body: type[msgspec.Struct], answer: type[msgspec.Struct], summary: str
) -> ServerEndpoint:
    return ServerEndpoint(
        method="POST",
        path=f"users.{name}",
        handler=handler,
        body=body,
        validate=True,
        answer=answer,
        summary=summary,
    )


ENDPOINTS: list[ServerEndpoint] = [
    _post("update", update, UserUpdate, UserAnswer, "Change an account"),
    _post("updateOwnBasicInfo", update_own, OwnUpdate, UserAnswer, "Change the caller's own account"),
    _post("setActiveStatus", set_active, ActiveStatus, ActiveAnswer, "Let an account in, or keep it out"),
]
