"""Coming into groups and channels, and going."""

from collections.abc import Mapping
from functools import partial

import msgspec

from strongback.errors import Failure
from strongback.groups import invite as invitations
from strongback.groups import lookup
from strongback.groups.join import join as join_room
from strongback.groups.kick import kick as kick_from
from strongback.groups.leave import leave as leave_room
from strongback.http import params
from strongback.http.envelope import Answer
from strongback.http.routes.documents import ChannelAnswer, Done, GroupAnswer
from strongback.http.routes.rooms import CHANNELS, GROUPS, Noun, WhichRoom
from strongback.http.routes.whom import WhichMember, whom
from strongback.http.services import ServerCall, ServerEndpoint


class Invitation(WhichMember):
    """Which room, and whom to bring in: one account or several."""

    userIds: list[str] | msgspec.UnsetType = msgspec.UNSET
    usernames: list[str] | msgspec.UnsetType = msgspec.UNSET


class AddAll(WhichRoom):
    """Which room, and whether deactivated accounts stay outside."""

    activeUsersOnly: bool | msgspec.UnsetType = msgspec.UNSET


class Join(WhichRoom):
    """Which channel, and its code where it has one."""

    joinCode: str | msgspec.UnsetType = msgspec.UNSET


async def invite(noun: Noun, call: ServerCall) -> Answer:
    """Bring people into a room."""
    body, services = call.body, call.services
    named = (params.string(body, "roomId") or params.string(body, "roomName") or "").strip()
    if not named:
        raise lookup.not_given() if noun is GROUPS else lookup.not_found(noun.key)
    room = await lookup.by_id_or_name(services.store, call.caller, named, noun.key)
    user_ids = await invitations.find(services.store, call.caller, *_invited(body))
    await invitations.invite(
        services.store, services.clock, call.caller, room, user_ids, on_event=services.on_event
    )
    return await noun.answer(call, room.id)


def _invited(body: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """The ids and the usernames of an invitation; Failure for none."""
    ids = [*params.strings(body, "userIds"), params.string(body, "userId")]
    usernames = [
        *params.strings(body, "usernames"),
        params.string(body, "username"),
        params.string(body, "user"),
    ]
    found = [one for one in ids if one], [one for one in usernames if one]
    if not any(found):
        raise Failure(
            'Please provide "userId" or "username" or "userIds" or "usernames" as param',
            "error-users-params-not-provided",
        )
    return found


async def add_all(noun: Noun, call: ServerCall) -> Answer:
    """Bring everybody into a room."""
    services, body = call.services, dict(call.body)
    if body.get("activeUsersOnly") in (0, 1):
        body["activeUsersOnly"] = bool(body["activeUsersOnly"])
    room = await noun.find(call, body, archived=False)
    await invitations.add_all(
        services.store,
        services.clock,
        call.caller,
        room,
        active_only=params.boolean(body, "activeUsersOnly") or False,
        on_event=services.on_event,
    )
    return await noun.answer(call, room.id)


async def kick(noun: Noun, call: ServerCall) -> Answer:
    """Put somebody out of a room."""
    services, body = call.services, call.body
    room_id, name = params.string(body, "roomId"), params.string(body, "roomName")
    room = await lookup.named(services.store, call.caller, room_id, name, noun.key)
    await kick_from(services.store, services.clock, call.caller, room, await whom(call))
    return {} if noun is GROUPS else await noun.answer(call, room.id)


async def leave(noun: Noun, call: ServerCall) -> Answer:
    """Leave a room."""
    services = call.services
    room = await noun.find(call, call.body, archived=False)
    await leave_room(services.store, services.clock, call.caller, room, on_event=services.on_event)
    return {} if noun is GROUPS else await noun.answer(call, room.id)


async def join(call: ServerCall) -> Answer:
    """Join a channel."""
    services = call.services
    room = await CHANNELS.find(call, call.body, archived=False)
    code = params.string(call.body, "joinCode")
    await join_room(services.store, services.clock, call.caller, room, code, on_event=services.on_event)
    return await CHANNELS.answer(call, room.id)


def _endpoints(noun: Noun) -> list[ServerEndpoint]:
    """The endpoints that each type of room has."""
    one = GroupAnswer if noun is GROUPS else ChannelAnswer
    gone = Done if noun is GROUPS else ChannelAnswer
    return [
        ServerEndpoint(
            method="POST",
            path=f"{noun.prefix}.invite",
            handler=partial(invite, noun),
            body=Invitation,
            answer=one,
            summary=f"Bring people into a {noun.key}",
        ),
        ServerEndpoint(
            method="POST",
            path=f"{noun.prefix}.addAll",
            handler=partial(add_all, noun),
            body=AddAll,
            answer=one,
            summary=f"Bring everybody into a {noun.key}",
        ),
        ServerEndpoint(
            method="POST",
            path=f"{noun.prefix}.kick",
            handler=partial(kick, noun),
            body=WhichMember,
            answer=gone,
            summary=f"Put somebody out of a {noun.key}",
        ),
        ServerEndpoint(
            method="POST",
            path=f"{noun.prefix}.leave",
            handler=partial(leave, noun),
            body=WhichRoom,
            answer=gone,
            summary=f"Leave a {noun.key}",
        ),
    ]


ENDPOINTS: list[ServerEndpoint] = [
    *_endpoints(GROUPS),
    *_endpoints(CHANNELS),
    ServerEndpoint(
        method="POST",
        path="channels.join",
        handler=join,
        body=Join,
        answer=ChannelAnswer,
        summary="Join a channel",
    ),
]
