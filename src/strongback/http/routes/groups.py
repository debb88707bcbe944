"""Private groups."""

import msgspec

from strongback.errors import Failure
from strongback.groups import lookup
from strongback.groups.delete import delete
from strongback.http import params
from strongback.http.envelope import Answer, Raw
from strongback.http.routes import rooms
from strongback.http.routes.documents import Done, IntegrationPage, Message, MessagePage, Room
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages import read
from strongback.messages.moment import moment
from strongback.storage.contract import RoomView


class GroupQuery(rooms.RoomQuery):
    """Which group, a listing, and whether integrations for all private groups count."""

    includeAllPrivateGroups: str | msgspec.UnsetType = msgspec.UNSET


class HistoryQuery(rooms.WhichRoom):
    """Which group, and what part of its history."""

    latest: str | msgspec.UnsetType = msgspec.UNSET
    oldest: str | msgspec.UnsetType = msgspec.UNSET
    inclusive: str | msgspec.UnsetType = msgspec.UNSET
    offset: str | msgspec.UnsetType = msgspec.UNSET
    count: str | msgspec.UnsetType = msgspec.UNSET
    unreads: str | msgspec.UnsetType = msgspec.UNSET
    showThreadMessages: str | msgspec.UnsetType = msgspec.UNSET


class History(msgspec.Struct, forbid_unknown_fields=True):
    """Messages, newest first, and where `unreads` was asked for how many lie between them and `oldest`."""

    messages: list[Message]
    success: bool
    firstUnread: Message | msgspec.UnsetType = msgspec.UNSET
    unreadNotLoaded: int | msgspec.UnsetType = msgspec.UNSET


class CreatedGroup(msgspec.Struct, forbid_unknown_fields=True):
    """A group that has just been made."""

    group: Room
    success: bool


async def get_integrations(call: ServerCall) -> Answer:
    """The integrations that reach a private group (spec/04 section 2)."""
    return await rooms.get_integrations(call, lookup.group, "includeAllPrivateGroups")


async def messages(call: ServerCall) -> Answer:
    """The messages of a private group."""
    return await rooms.get_messages(call, await _room(call, archived=False))


async def history(call: ServerCall) -> Answer:
    """What was said in a private group, newest first."""
    room, services = await _room(call, archived=True), call.services
    found = await read.history(
        services.store, call.caller, room, window(call), matching_ms=services.settings.matching_ms
    )
    more = ""
    if params.string(call.query, "unreads"):
        more = f',"unreadNotLoaded":{found.unread_not_loaded}'
        if found.first_unread is not None:
            more += f',"firstUnread":{found.first_unread}'
    return Raw(f'{{"messages":[{",".join(found.texts)}]{more},"success":true}}'.encode())


def window(call: ServerCall) -> read.Window:
    """What part of the history is asked for; any text makes a flag true, `false` too, as upstream has it."""
    query = call.query
    count = params.leading_integer(params.string(query, "count") or "")
    return read.Window(
        oldest=_moment(call, "oldest"),
        latest=_moment(call, "latest"),
        inclusive=bool(params.string(query, "inclusive")),
        threads=params.string(query, "showThreadMessages") != "false",
        unreads=bool(params.string(query, "unreads")),
        offset=params.page(query).offset,
        count=20 if count is None else abs(count),
    )


def _moment(call: ServerCall, name: str) -> int | None:
    text = params.string(call.query, name)
    at = moment(text) if text else None
    if text and at is None:
        raise params.invalid(name, "must be a date")
    return at


async def _room(call: ServerCall, *, archived: bool) -> RoomView:
    room_id, name = params.string(call.query, "roomId"), params.string(call.query, "roomName")
    return await lookup.group(call.services.store, call.caller, room_id, name, archived=archived)


async def create(call: ServerCall) -> Answer:
    """Make a private group."""
    body = call.body
    if not isinstance(body.get("name"), str) or not body["name"]:
        raise Failure('Body param "name" is required')
    if body.get("members") is not None and not isinstance(body["members"], list):
        raise Failure('Body param "members" must be an array if provided')
    for name in ("customFields", "extraData"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            raise Failure(f'Body param "{name}" must be an object if provided')
    rooms.require(call.caller, "create-p", "createPrivateGroup")
    return {"group": await rooms.create_room(call, "p")}


async def remove(call: ServerCall) -> Answer:
    """Delete a private group."""
    room_id, name = params.string(call.body, "roomId"), params.string(call.body, "roomName")
    room = await lookup.group(call.services.store, call.caller, room_id, name, archived=True)
    await delete(call.services.store, call.caller, room)
    return {}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="groups.getIntegrations",
        handler=get_integrations,
        query=GroupQuery,
        answer=IntegrationPage,
        summary="List the integrations that reach a private group",
    ),
    ServerEndpoint(
        method="GET",
        path="groups.messages",
        handler=messages,
        query=rooms.RoomQuery,
        answer=MessagePage,
        summary="List the messages of a private group",
    ),
    ServerEndpoint(
        method="GET",
        path="groups.history",
        handler=history,
        query=HistoryQuery,
        answer=History,
        summary="Show what was said in a private group, newest first",
    ),
    ServerEndpoint(
        method="POST",
        path="groups.create",
        handler=create,
        body=rooms.CreateRoom,
        answer=CreatedGroup,
        summary="Make a private group",
    ),
    ServerEndpoint(
        method="POST",
        path="groups.delete",
        handler=remove,
        body=rooms.WhichRoom,
        answer=Done,
        summary="Delete a private group with its messages",
    ),
]
