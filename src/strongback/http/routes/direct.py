"""Conversations (im.*, and the same as dm.*)."""

from typing import Any

import msgspec

from strongback.errors import Failure
from strongback.groups import direct, listings, room_settings, visibility
from strongback.groups.counters import counters as count
from strongback.groups.delete import delete
from strongback.groups.members import members as list_members
from strongback.http import params
from strongback.http.envelope import Answer
from strongback.http.listings import ListQuery, answer, wanted
from strongback.http.routes.documents import Done, MessagePage
from strongback.http.routes.history import History, of_room
from strongback.http.routes.members import MembersAnswer
from strongback.http.routes.room_lists import Counters, ListedRoom
from strongback.http.routes.room_settings import TextAnswer
from strongback.http.routes.rooms import get_messages
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages.sender import calling
from strongback.storage.contract import RoomView


class Conversation(msgspec.Struct, forbid_unknown_fields=True):
    """A conversation: its id, twice, and who is in it."""

    _id: str
    rid: str
    t: str
    usernames: list[str]


class ConversationAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A conversation, found or made."""

    room: Conversation
    success: bool


class ConversationPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of conversations."""

    ims: list[ListedRoom]
    count: int
    offset: int
    total: int
    success: bool


class SetTopic(msgspec.Struct):
    """Which conversation, and its topic."""

    roomId: str
    topic: str


class CountersQuery(msgspec.Struct):
    """Which conversation, and whose counters: the caller's, unless another user is named."""

    roomId: str
    userId: str | msgspec.UnsetType = msgspec.UNSET


async def create(call: ServerCall) -> Answer:
    """Open a conversation with one or several people."""
    services, body = call.services, call.body
    if params.boolean(body, "excludeSelf"):
        raise params.invalid("excludeSelf", "is not supported: who opens a conversation is in it")
    one, several = params.string(body, "username"), params.string(body, "usernames") or ""
    usernames = [one] if one is not None else [name.strip() for name in several.split(",")]
    sender = await calling(services.store, call.caller)
    room = (await direct.converse(services.store, services.clock, sender, usernames)).body
    found = {"t": "d", "rid": room["_id"], "_id": room["_id"], "usernames": room["usernames"]}
    return {"room": found}


async def list_conversations(call: ServerCall) -> Answer:
    """The conversations that the caller is in."""
    asked, services = wanted(call), call.services
    found = await listings.joined(
        services.store, call.caller, ("d",), asked, matching_ms=services.settings.matching_ms
    )
    return answer("ims", found, asked.offset)


async def messages(call: ServerCall) -> Answer:
    """The messages of a conversation."""
    return await get_messages(call, await _room(call, call.query))


async def history(call: ServerCall) -> Answer:
    """What was said in a conversation, newest first."""
    room = await _room(call, call.query)
    for name in ("inclusive", "unreads"):
        if call.query.get(name) == "false":
            del call.query[name]  # which in a group's history counts as true
    return await of_room(call, room)


async def members(call: ServerCall) -> Answer:
    """Who is in a conversation."""
    services, query = call.services, call.query
    room, asked = await _room(call, query), wanted(call)
    found = await list_members(
        services.store,
        call.caller,
        room,
        asked,
        text=params.string(query, "filter") or "",
        statuses=params.strings(query, "status") if "status" in query else None,
        matching_ms=services.settings.matching_ms,
    )
    return answer("members", found, asked.offset)


async def counters(call: ServerCall) -> Answer:
    """How much there is in a conversation, and how much of it somebody has not read."""
    room = await _room(call, call.query)
    return await count(call.services.store, call.caller, room, params.string(call.query, "userId"))


async def open_conversation(call: ServerCall) -> Answer:
    """Put a conversation back into one's list."""
    services, room = call.services, await _room(call, call.body)
    await visibility.open_room(services.store, services.clock, call.caller, room)
    return {}


async def close_conversation(call: ServerCall) -> Answer:
    """Take a conversation out of one's list."""
    services, room = call.services, await _room(call, call.body)
    await visibility.close_room(services.store, services.clock, call.caller, room)
    return {}


async def set_topic(call: ServerCall) -> Answer:
    """Say what a conversation is about."""
    if "topic" not in call.body:
        raise Failure('The bodyParam "topic" is required')
    services, text = call.services, params.string(call.body, "topic") or ""
    room = await _room(call, call.body)
    await room_settings.set_text(services.store, services.clock, call.caller, room, "topic", text)
    return {"topic": text}


async def remove(call: ServerCall) -> Answer:
    """Delete a conversation with its messages."""
    services, room = call.services, await _room(call, call.body)
    await delete(services.store, services.clock, call.caller, room, on_delete=services.on_room_delete)
    return {}


async def _room(call: ServerCall, source: dict[str, Any]) -> RoomView:
    room_id, username = params.string(source, "roomId"), params.string(source, "username")
    if room_id is None and username is None:
        raise Failure('Query param "roomId" or "username" is required', "error-room-param-not-provided")
    return await direct.find(call.services.store, call.caller, room_id, username)


TEXT = {"type": "string"}


def _either(*names: str, **more: Any) -> dict[str, Any]:
    """The schema of an object that has exactly one of these texts."""
    return {"oneOf": [_only(name, **more) for name in names]}


def _only(name: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: TEXT} | more,
        "required": [name],
        "additionalProperties": False,
    }


PAGE: dict[str, Any] = {
    "sort": TEXT,
    "query": TEXT,
    "count": {"type": "number"},
    "offset": {"type": "number"},
}
FLAG = {"type": "string", "enum": ["false", "true"]}
HISTORY = {
    **{name: {"type": "string", "minLength": 1} for name in ("latest", "oldest")},
    **dict.fromkeys(("inclusive", "unreads", "showThreadMessages"), FLAG),
    **{name: {"type": "number"} for name in ("count", "offset")},
}


def _endpoint(
    method: Any, name: str, handler: Any, answer: type, summary: str, **more: Any
) -> ServerEndpoint:
    return ServerEndpoint(
        method=method,
        path=f"im.{name}",
        aliases=(f"dm.{name}",),
        handler=handler,
        answer=answer,
        summary=summary,
        validate="schema" in more,
        **more,
    )


ENDPOINTS: list[ServerEndpoint] = [
    _endpoint(
        "POST",
        "create",
        create,
        ConversationAnswer,
        "Open a conversation",
        schema=_either("usernames", "username", excludeSelf={"type": "boolean"}),
    ),
    _endpoint(
        "GET",
        "list",
        list_conversations,
        ConversationPage,
        "List the caller's conversations",
        query=ListQuery,
    ),
    _endpoint(
        "GET",
        "messages",
        messages,
        MessagePage,
        "List the messages of a conversation",
        schema=_either("roomId", "username", fields=TEXT, **PAGE),
    ),
    _endpoint(
        "GET",
        "history",
        history,
        History,
        "Show what was said in a conversation, newest first",
        schema=_only("roomId", **HISTORY),
    ),
    _endpoint(
        "GET",
        "members",
        members,
        MembersAnswer,
        "List who is in a conversation",
        schema=_either("roomId", "username", status={"type": "array", "items": TEXT}, filter=TEXT, **PAGE),
    ),
    _endpoint("GET", "counters", counters, Counters, "Count what is in a conversation", query=CountersQuery),
    _endpoint(
        "POST",
        "open",
        open_conversation,
        Done,
        "Put a conversation back into one's list",
        schema=_only("roomId"),
    ),
    _endpoint(
        "POST",
        "close",
        close_conversation,
        Done,
        "Take a conversation out of one's list",
        schema=_only("roomId"),
    ),
    _endpoint("POST", "setTopic", set_topic, TextAnswer, "Set the topic of a conversation", body=SetTopic),
    _endpoint("POST", "delete", remove, Done, "Delete a conversation", schema=_either("roomId", "username")),
]
