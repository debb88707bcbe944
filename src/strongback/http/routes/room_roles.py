"""Roles in groups and channels: owners, moderators, leaders."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from strongback.groups import room_roles
from strongback.groups.lookup import can_access
from strongback.groups.room_roles import LEADER, MODERATOR, OWNER, RoomRole
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.routes.documents import Done
from strongback.http.routes.rooms import CHANNELS, GROUPS, Noun, WhichRoom
from strongback.http.routes.whom import WhichMember, whom
from strongback.http.services import ServerCall, ServerEndpoint

Change = Callable[..., Awaitable[None]]


class Holder(msgspec.Struct, forbid_unknown_fields=True):
    """A member with roles in a room."""

    _id: str
    rid: str
    u: dict[str, Any]
    roles: list[str]


class RolesAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """Everybody who has a role in a room."""

    roles: list[Holder]
    success: bool


class Moderator(msgspec.Struct):
    """A moderator of a room."""

    _id: str
    username: str


class ModeratorsAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The moderators of a room."""

    moderators: list[Moderator]
    success: bool


async def change(noun: Noun, how: Change, role: RoomRole, call: ServerCall) -> Answer:
    """Give or take a role in a room."""
    room, services = await noun.find(call, call.body, archived=False), call.services
    await how(services.store, services.clock, call.caller, room, await whom(call), role)
    return {}


async def roles(noun: Noun, call: ServerCall) -> Answer:
    """Everybody who has a role in a room."""
    room, store = await noun.find(call, call.query, archived=False), call.services.store
    if not await can_access(store, call.caller, room):
        return UNAUTHORIZED
    return {"roles": await room_roles.holders(store, call.caller, room.id)}


async def moderators(noun: Noun, call: ServerCall) -> Answer:
    """The moderators of a room."""
    room, store = await noun.find(call, call.query, archived=False), call.services.store
    if not await can_access(store, call.caller, room):
        return UNAUTHORIZED
    return {"moderators": await room_roles.moderators(store, room.id)}


def _changing(noun: Noun, role: RoomRole) -> list[ServerEndpoint]:
    """The endpoints that give and take a role."""
    return [
        ServerEndpoint(
            method="POST",
            path=f"{noun.prefix}.{verb}{role.id.title()}",
            handler=partial(change, noun, how, role),
            body=WhichMember,
            answer=Done,
            summary=f"{said} {role.called} of a {noun.key}",
        )
        for verb, how, said in (
            ("add", room_roles.give, "Make a member"),
            ("remove", room_roles.take, "Let a member no longer be"),
        )
    ]


def _endpoints(noun: Noun) -> list[ServerEndpoint]:
    return [
        *(endpoint for role in (OWNER, MODERATOR, LEADER) for endpoint in _changing(noun, role)),
        ServerEndpoint(
            method="GET",
            path=f"{noun.prefix}.roles",
            handler=partial(roles, noun),
            room=True,
            query=WhichRoom,
            answer=RolesAnswer,
            summary=f"List the roles of members of a {noun.key}",
        ),
        ServerEndpoint(
            method="GET",
            path=f"{noun.prefix}.moderators",
            handler=partial(moderators, noun),
            room=True,
            query=WhichRoom,
            answer=ModeratorsAnswer,
            summary=f"List the moderators of a {noun.key}",
        ),
    ]


ENDPOINTS: list[ServerEndpoint] = [*_endpoints(GROUPS), *_endpoints(CHANNELS)]
