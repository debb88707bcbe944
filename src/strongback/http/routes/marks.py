"""Reactions, pins and stars, and the messages that have them (spec/07 section 1)."""

from functools import partial

import msgspec

from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import Answer
from strongback.http.listings import answer, page_schema, wanted
from strongback.http.routes.documents import Done, Message, MessagePage
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages.marked import Mark, marked
from strongback.messages.pin import pin as pin_message
from strongback.messages.pin import unpin as unpin_message
from strongback.messages.react import react as react_to
from strongback.messages.sender import calling
from strongback.messages.shown import shown
from strongback.messages.star import star as star_message


class WhichMessage(msgspec.Struct):
    """A message's id."""

    messageId: str


class Reaction(WhichMessage):
    """Which message, the emoji's name (`emoji`, or else `reaction`), and whether the reaction is to be there."""

    emoji: str | msgspec.UnsetType = msgspec.UNSET
    reaction: str | msgspec.UnsetType = msgspec.UNSET
    shouldReact: bool | msgspec.UnsetType = msgspec.UNSET


class PinAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The system message that says that a message was pinned."""

    message: Message
    success: bool


async def react(call: ServerCall) -> Answer:
    """React to a message, or take a reaction back."""
    services, body = call.services, call.body
    id = _id(call, "missing")
    emoji = params.string(body, "emoji" if "emoji" in body else "reaction") or ""
    sender = await calling(services.store, call.caller)
    await react_to(services.store, services.clock, sender, id, emoji, params.boolean(body, "shouldReact"))
    return {}


async def pin(call: ServerCall) -> Answer:
    """Pin a message."""
    services, id = call.services, _id(call, "missing")
    told = await pin_message(services.store, services.clock, await calling(services.store, call.caller), id)
    return {"message": await shown(services.store, call.caller, told.body)}


async def unpin(call: ServerCall) -> Answer:
    """Unpin a message."""
    services, id = call.services, _id(call, "required")
    await unpin_message(services.store, services.clock, await calling(services.store, call.caller), id)
    return {}


async def star(call: ServerCall, *, starred: bool) -> Answer:
    """Set the caller's star on a message, or take it away."""
    services, id = call.services, _id(call, "required")
    sender = await calling(services.store, call.caller)
    await star_message(services.store, services.clock, sender, id, starred=starred)
    return {}


def _id(call: ServerCall, lack: str) -> str:
    """The message that is meant; `lack` is the word for one that is not given."""
    id = params.string(call.body, "messageId") or ""
    if not id.strip():
        raise Failure(f'The required "messageId" param is {lack}.', "error-messageid-param-not-provided")
    return id


async def list_marked(call: ServerCall, how: Mark) -> Answer:
    """The messages of a room that have a mark."""
    services, asked = call.services, wanted(call)
    room_id = params.string(call.query, "roomId") or ""
    matching_ms = services.settings.matching_ms
    found = await marked(services.store, call.caller, room_id, how, asked, matching_ms=matching_ms)
    return answer("messages", found, asked.offset)


LISTS: tuple[tuple[str, Mark, str], ...] = (
    ("chat.getPinnedMessages", "pinned", "List the pinned messages of a room"),
    ("chat.getStarredMessages", "starred", "List the messages of a room that the caller has starred"),
    ("chat.getMentionedMessages", "mentions", "List the messages of a room that mention the caller"),
)

ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="chat.react",
        handler=react,
        body=Reaction,
        answer=Done,
        summary="React to a message, or take a reaction back",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.pinMessage",
        handler=pin,
        body=WhichMessage,
        answer=PinAnswer,
        summary="Pin a message",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.unPinMessage",
        handler=unpin,
        body=WhichMessage,
        answer=Done,
        summary="Unpin a message",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.starMessage",
        handler=partial(star, starred=True),
        body=WhichMessage,
        answer=Done,
        summary="Star a message",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.unStarMessage",
        handler=partial(star, starred=False),
        body=WhichMessage,
        answer=Done,
        summary="Take a star away",
    ),
    *(
        ServerEndpoint(
            method="GET",
            path=path,
            handler=partial(list_marked, how=how),
            validate=True,
            schema=page_schema("roomId", "sort"),
            answer=MessagePage,
            summary=summary,
        )
        for path, how, summary in LISTS
    ),
]
