"""What was said in groups and channels, newest first."""

from functools import partial

import msgspec

from strongback.groups.lookup import can_access
from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer, Raw
from strongback.http.routes.documents import Message
from strongback.http.routes.rooms import CHANNELS, GROUPS, Noun, WhichRoom
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages import read
from strongback.messages.moment import moment
from strongback.storage.contract import RoomView


class HistoryQuery(WhichRoom):
    """Which room, and what part of its history."""

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


async def history(noun: Noun, call: ServerCall) -> Answer:
    """The history of a group or a channel."""
    room = await noun.find(call, call.query, archived=True)
    if not await can_access(call.services.store, call.caller, room):
        return UNAUTHORIZED
    return await of_room(call, room)


async def of_room(call: ServerCall, room: RoomView) -> Answer:
    """The history of a room that the caller may see."""
    services = call.services
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


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path=f"{noun.prefix}.history",
        handler=partial(history, noun),
        room=True,
        query=HistoryQuery,
        answer=History,
        summary=f"Show what was said in a {noun.called}, newest first",
    )
    for noun in (GROUPS, CHANNELS)
]
