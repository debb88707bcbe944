"""Rooms to read: one of them, lists of them, how much there is in them, and which have changed."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from strongback.errors import Failure
from strongback.groups import listings, lookup
from strongback.groups.counters import counters as count
from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer, Raw
from strongback.http.listings import ListQuery, answer, wanted
from strongback.http.routes.documents import ChannelAnswer, GroupAnswer
from strongback.http.routes.rooms import CHANNELS, GROUPS, Noun, WhichRoom
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.listing import Wanted
from strongback.messages.moment import moment


class CountersQuery(WhichRoom):
    """Which group, and whose counters: the caller's, unless another user is named."""

    userId: str | msgspec.UnsetType = msgspec.UNSET


class FieldsQuery(WhichRoom):
    """Which room, and which of its members."""

    fields: str | msgspec.UnsetType = msgspec.UNSET


class SinceQuery(msgspec.Struct):
    """From when on."""

    updatedSince: str | msgspec.UnsetType = msgspec.UNSET


class ListedRoom(msgspec.Struct):
    """A room in a list: whole, or the members that `fields` names."""

    _id: str | msgspec.UnsetType = msgspec.UNSET
    t: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET


class GroupPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of groups."""

    groups: list[ListedRoom]
    count: int
    offset: int
    total: int
    success: bool


class ChannelPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of channels."""

    channels: list[ListedRoom]
    count: int
    offset: int
    total: int
    success: bool


class RoomAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A room of any type."""

    room: ListedRoom
    success: bool


class GoneRoom(msgspec.Struct, forbid_unknown_fields=True):
    """A room that is no longer there for the caller."""

    _id: str
    _deletedAt: str


class ChangedRooms(msgspec.Struct, forbid_unknown_fields=True):
    """The rooms that have changed, and those that went."""

    update: list[ListedRoom]
    remove: list[GoneRoom]
    success: bool


class Counters(msgspec.Struct, forbid_unknown_fields=True):
    """How much there is in a group; null for what one may not know."""

    joined: bool
    members: int | None
    unreads: int | None
    unreadsFrom: str | None
    msgs: int | None
    latest: str | None
    userMentions: int | None
    success: bool


async def info(noun: Noun, call: ServerCall) -> Answer:
    """A group or a channel, archived ones too."""
    room = await noun.find(call, call.query, archived=True)
    return await noun.answer(call, room.id)


async def list_groups(call: ServerCall) -> Answer:
    """The groups that the caller is in."""
    asked, services = wanted(call), call.services
    found = await listings.joined(
        services.store, call.caller, ("p",), asked, matching_ms=services.settings.matching_ms
    )
    return answer("groups", found, asked.offset)


async def list_all_groups(call: ServerCall) -> Answer:
    """Every group, for those who administrate rooms."""
    if not call.caller.may("view-room-administration"):
        return UNAUTHORIZED
    asked, services = wanted(call), call.services
    found = await listings.all_groups(
        services.store, call.caller, asked, matching_ms=services.settings.matching_ms
    )
    return answer("groups", found, asked.offset)


async def list_channels(call: ServerCall) -> Answer:
    """The channels that the caller may see."""
    asked, services = wanted(call), call.services
    found = await listings.channels(
        services.store, call.caller, asked, matching_ms=services.settings.matching_ms
    )
    return answer("channels", found, asked.offset)


async def counters(call: ServerCall) -> Answer:
    """How much there is in a group, and how much of it somebody has not read."""
    query, store = call.query, call.services.store
    room_id, name = params.string(query, "roomId"), params.string(query, "roomName")
    if "" in (room_id, name):
        raise lookup.not_given()
    if room_id is None and name is None:
        raise lookup.not_found("group")
    room = await lookup.named(store, call.caller, room_id, name, "group")
    lookup.check_open(room)
    return await count(store, call.caller, room, params.string(query, "userId"))


async def room_info(call: ServerCall) -> Answer:
    """A room of any type that the caller may see."""
    query, store = call.query, call.services.store
    room_id, name = params.string(query, "roomId"), params.string(query, "roomName")
    if not room_id and not name:
        raise lookup.not_given()
    room = await (
        store.room_by_name(name or "", call.caller.id)
        if room_id is None
        else store.room_by_id(room_id, call.caller.id)
    )
    if room is None or not await lookup.can_access(store, call.caller, room):
        raise lookup.not_found("room")
    lookup.check_open(room)
    text = await listings.one(store, call.caller, room.id, replace(Wanted(), fields=wanted(call).fields))
    if text is None:
        raise lookup.not_found("room")
    return Raw(f'{{"room":{text},"success":true}}'.encode())


async def changed_rooms(call: ServerCall) -> Answer:
    """The caller's rooms of every type, or those that have changed since a moment and those that went."""
    given = params.string(call.query, "updatedSince")
    since = moment(given) if given else None
    if given and since is None:
        raise Failure(
            'The "updatedSince" query parameter must be a valid date.', "error-roomId-param-invalid"
        )
    update, remove = await listings.changed(call.services.store, call.caller, since)
    return Raw(f'{{"update":[{",".join(update)}],"remove":[{",".join(remove)}],"success":true}}'.encode())


def _get(path: str, handler: Any, answer: type, summary: str, **more: Any) -> ServerEndpoint:
    return ServerEndpoint(
        method="GET",
        path=path,
        handler=handler,
        answer=answer,
        summary=summary,
        **{"query": ListQuery, **more},
    )


ANSWERS: Mapping[str, type] = {"groups": GroupAnswer, "channels": ChannelAnswer}

ENDPOINTS: list[ServerEndpoint] = [
    *(
        _get(
            f"{noun.prefix}.info",
            partial(info, noun),
            ANSWERS[noun.prefix],
            f"Show a {noun.called}",
            query=WhichRoom,
            room=True,
        )
        for noun in (GROUPS, CHANNELS)
    ),
    _get("groups.list", list_groups, GroupPage, "List the groups that one is in"),
    _get("groups.listAll", list_all_groups, GroupPage, "List every group"),
    _get(
        "channels.list",
        list_channels,
        ChannelPage,
        "List the public channels",
        permissions=("view-c-room", "view-joined-room"),
        any_permission=True,
    ),
    _get("groups.counters", counters, Counters, "Count what a group holds", query=CountersQuery, room=True),
    _get("rooms.info", room_info, RoomAnswer, "Show a room of any type", query=FieldsQuery),
    _get("rooms.get", changed_rooms, ChangedRooms, "List the rooms that one is in", query=SinceQuery),
]
