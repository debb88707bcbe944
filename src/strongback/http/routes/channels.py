"""Public channels, as far as groups and integrations need them."""

from typing import Any

import msgspec

from strongback.errors import Failure
from strongback.groups import lookup
from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.routes import rooms
from strongback.http.routes.documents import Done, IntegrationPage, MessagePage, Room
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.integrations.lists import EVERYWHERE


class ChannelQuery(rooms.RoomQuery):
    """Which channel, a listing, and whether integrations for all public channels count."""

    includeAllPublicChannels: str | msgspec.UnsetType = msgspec.UNSET


class CreatedChannel(msgspec.Struct, forbid_unknown_fields=True):
    """A channel that has just been made."""

    channel: Room
    success: bool


def _only(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string"}},
        "required": [name],
        "additionalProperties": False,
    }


MESSAGES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "roomId": {"type": "string"},
        "offset": {"type": "number"},
        "count": {"type": "number"},
        "sort": {"type": "string"},
        "query": {"type": "string"},
    },
    "required": ["roomId"],
    "additionalProperties": False,
}
ONE_OF_BOTH = {"oneOf": [_only("roomId"), _only("roomName")]}


async def get_integrations(call: ServerCall) -> Answer:
    """The integrations that reach a public channel."""
    return await rooms.get_integrations(call, rooms.CHANNELS, "includeAllPublicChannels")


async def messages(call: ServerCall) -> Answer:
    """The messages of a public channel."""
    caller, store = call.caller, call.services.store
    room = await lookup.channel(store, caller, params.string(call.query, "roomId"), None, archived=True)
    if caller.may("view-joined-room") and not room.subscribed:
        return UNAUTHORIZED
    if not caller.may("view-c-room") or not await lookup.can_access(store, caller, room):
        return UNAUTHORIZED
    return await rooms.get_messages(call, room)


async def create(call: ServerCall) -> Answer:
    """Make a public channel."""
    if not call.caller.may("create-c"):
        return UNAUTHORIZED
    body = call.body
    if not isinstance(body.get("name"), str) or not body["name"]:
        raise Failure('Param "name" is required')
    if body.get("members") is not None and not isinstance(body["members"], list):
        raise Failure('Param "members" must be an array if provided')
    if body.get("teams") is not None and not isinstance(body["teams"], list):
        raise Failure("Param teams must be an array")
    if body.get("teams"):
        raise params.invalid("teams", "is not supported: there are no teams here")
    for name in ("customFields", "extraData"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            raise Failure(f'Param "{name}" must be an object if provided')
    return {"channel": await rooms.create_room(call, "c")}


async def remove(call: ServerCall) -> Answer:
    """Delete a public channel."""
    return await rooms.delete_room(call, rooms.CHANNELS)


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="channels.getIntegrations",
        handler=get_integrations,
        room=True,
        everywhere=EVERYWHERE["c"],
        query=ChannelQuery,
        answer=IntegrationPage,
        summary="List the integrations that reach a public channel",
    ),
    ServerEndpoint(
        method="GET",
        path="channels.messages",
        handler=messages,
        room=True,
        validate=True,
        schema=MESSAGES,
        answer=MessagePage,
        summary="List the messages of a public channel",
    ),
    ServerEndpoint(
        method="POST",
        path="channels.create",
        handler=create,
        body=rooms.CreateRoom,
        answer=CreatedChannel,
        summary="Make a public channel",
    ),
    ServerEndpoint(
        method="POST",
        path="channels.delete",
        handler=remove,
        validate=True,
        schema=ONE_OF_BOTH,
        answer=Done,
        summary="Delete a public channel with its messages",
    ),
]
