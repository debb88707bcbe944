"""What groups.* and channels.* share: a room is a room, its type is data."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.documents.document import HIDDEN
from strongback.errors import Failure
from strongback.groups import lookup as rooms
from strongback.groups.create import create
from strongback.groups.delete import delete
from strongback.groups.shown import shown as as_shown
from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.listings import ListQuery, answer, wanted
from strongback.http.services import ServerCall
from strongback.integrations import lists, reveal
from strongback.integrations.scope import ANY_OF
from strongback.listing import Listing
from strongback.messages import read
from strongback.storage.contract import RoomView

Lookup = Callable[..., Awaitable[RoomView]]


@dataclass(frozen=True, slots=True)
class Noun:
    """What the routes of one type of room differ in: the start of their paths, the key of a room, its type, its lookup."""

    prefix: str
    key: str
    type: str
    lookup: Lookup

    @property
    def called(self) -> str:
        """What a refusal calls a room of this type."""
        return "private group" if self.type == "p" else "channel"

    async def find(self, call: ServerCall, source: Mapping[str, object], *, archived: bool) -> RoomView:
        """The room that `roomId` or `roomName` names; `archived` says whether an archived one will do."""
        room_id, name = params.string(source, "roomId"), params.string(source, "roomName")
        return await self.lookup(call.services.store, call.caller, room_id, name, archived=archived)

    async def answer(self, call: ServerCall, rid: str) -> dict[str, Any]:
        """The answer that carries a room as it is now."""
        body = await as_shown(call.services.store, call.caller, rid)
        if body is None:
            raise rooms.not_found(self.key)
        return {self.key: body}


GROUPS = Noun("groups", "group", "p", rooms.group)
CHANNELS = Noun("channels", "channel", "c", rooms.channel)


class RoomQuery(ListQuery):
    """Which room, by id or by name, and a listing."""

    roomId: str | msgspec.UnsetType = msgspec.UNSET
    roomName: str | msgspec.UnsetType = msgspec.UNSET


class CreateRoom(msgspec.Struct):
    """A new room."""

    name: str
    members: list[str] | msgspec.UnsetType = msgspec.UNSET
    readOnly: bool | msgspec.UnsetType = msgspec.UNSET
    customFields: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    extraData: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    excludeSelf: bool | msgspec.UnsetType = msgspec.UNSET


class WhichRoom(msgspec.Struct):
    """Which room, by id or by name."""

    roomId: str | msgspec.UnsetType = msgspec.UNSET
    roomName: str | msgspec.UnsetType = msgspec.UNSET


async def get_integrations(call: ServerCall, noun: Noun, everywhere: str) -> Answer:
    """The integrations of a room; `everywhere` names the parameter that adds those for all rooms of its type."""
    caller, services = call.caller, call.services
    if not caller.may_any(*ANY_OF):
        return UNAUTHORIZED
    room = await noun.find(call, call.query, archived=True)
    wide = params.string(call.query, everywhere)
    asked = wanted(call)
    found = await lists.of_room(
        services.store,
        caller,
        room,
        asked,
        everywhere=not wide or wide == "true",
        matching_ms=services.settings.matching_ms,
    )
    return answer("integrations", revealed(call, found), asked.offset)


def revealed(call: ServerCall, found: Listing) -> Listing:
    """The page, with masked tokens where the setting `tokens.reveal` is off."""
    if call.services.settings.tokens_reveal:
        return found
    return Listing([reveal.masked_text(text) for text in found.texts], found.total)


async def create_room(call: ServerCall, kind: str) -> dict[str, Any]:
    """Make a room of a type from the request's body, whose shape has been checked; answers the room."""
    services = call.services
    body: dict[str, Any] = dict(call.body)
    room = await create(
        services.store,
        services.clock,
        call.caller,
        kind,
        body["name"],
        members=member_names(body.get("members") or []),
        read_only=params.boolean(body, "readOnly") or False,
        custom_fields=body.get("customFields"),
        extra=body.get("extraData"),
        exclude_self=params.boolean(body, "excludeSelf") or False,
        on_event=services.on_event,
    )
    return shown(room.body)


async def delete_room(call: ServerCall, noun: Noun) -> Answer:
    """Delete the room that the body names."""
    services = call.services
    room = await noun.find(call, call.body, archived=True)
    await delete(services.store, services.clock, call.caller, room, on_delete=services.on_room_delete)
    return {}


def member_names(given: list[Any]) -> list[str]:
    """The members that were sent, each a username."""
    if not all(isinstance(name, str) for name in given):
        raise Failure(
            "members should be an array of usernames if provided for rooms other than direct messages",
            "error-invalid-members",
        )
    return given


def shown(body: dict[str, Any]) -> dict[str, Any]:
    """A room's members without those that no answer carries."""
    return {name: value for name, value in body.items() if name not in HIDDEN}


def require(caller: Caller, permission: str, method: str) -> None:
    """Raise Failure `error-not-allowed` unless the caller has a permission."""
    if not caller.may(permission):
        raise Failure("Not allowed", "error-not-allowed", details={"method": method})


async def get_messages(call: ServerCall, room: RoomView) -> Answer:
    """The messages of a room that the caller may see."""
    services, asked = call.services, wanted(call)
    found = await read.of_room(
        services.store, call.caller, room, asked, matching_ms=services.settings.matching_ms
    )
    return answer("messages", found, asked.offset)
