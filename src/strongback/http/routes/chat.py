"""Messages, one at a time (spec/07 section 1)."""

from functools import partial
from typing import Any

import msgspec

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import Answer, Response, encode
from strongback.http.routes.documents import Message, WrittenMessage
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages import read
from strongback.messages.build import draft
from strongback.messages.delete import delete
from strongback.messages.edit import edit
from strongback.messages.given import given
from strongback.messages.match import expect, required, truthy
from strongback.messages.place import place_by_id
from strongback.messages.post import post, post_all
from strongback.messages.sender import calling
from strongback.messages.shown import shown

NO_SUCH_MESSAGE = Response(400, encode({"success": False}))


class PostMessage(msgspec.Struct):
    """A new message and where it goes; `channel` before `roomId`, `text` before `msg`."""

    channel: str | list[str] | msgspec.UnsetType = msgspec.UNSET
    roomId: str | list[str] | msgspec.UnsetType = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET
    msg: str | msgspec.UnsetType = msgspec.UNSET
    alias: str | msgspec.UnsetType = msgspec.UNSET
    avatar: str | msgspec.UnsetType = msgspec.UNSET
    emoji: str | msgspec.UnsetType = msgspec.UNSET
    attachments: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    parseUrls: bool | msgspec.UnsetType = msgspec.UNSET
    groupable: bool | msgspec.UnsetType = msgspec.UNSET
    tmid: str | msgspec.UnsetType = msgspec.UNSET
    customFields: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class SendMessage(msgspec.Struct):
    """A message as its client made it, and the links that may be previewed."""

    message: dict[str, Any]
    previewUrls: list[str] | msgspec.UnsetType = msgspec.UNSET


class UpdateMessage(msgspec.Struct):
    """Which message, and its new text."""

    roomId: str
    msgId: str
    text: str
    customFields: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    previewUrls: list[str] | msgspec.UnsetType = msgspec.UNSET


class DeleteMessage(msgspec.Struct):
    """Which message, and whether its author is to have deleted it."""

    roomId: str
    msgId: str
    asUser: bool | msgspec.UnsetType = msgspec.UNSET


class WhichMessage(msgspec.Struct):
    """A message's id."""

    msgId: str


class PostAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The message in the first of its places."""

    ts: int
    channel: str
    message: WrittenMessage
    success: bool


class WrittenAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A message that has just been written."""

    message: WrittenMessage
    success: bool


class MessageAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A message."""

    message: Message
    success: bool


class DeleteAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What was deleted, and when, in epoch milliseconds."""

    _id: str
    ts: str
    message: dict[str, Any]
    success: bool


async def post_message(call: ServerCall) -> Answer:
    """Post a message to one or more places; the first that fails ends it."""
    services = call.services
    made = draft(call.body)
    author = await calling(services.store, call.caller)
    posted = await post_all(services.store, services.clock, author, made, on_event=services.on_event)
    if not posted:
        raise Failure("unknown-error")
    target, document = posted[0]
    message = await shown(services.store, call.caller, document.body)
    return {"ts": services.clock(), "channel": target, "message": message}


async def send_message(call: ServerCall) -> Answer:
    """Post the message that a client has put together itself."""
    message = call.body.get("message")
    if not truthy(message):
        raise Failure('The "message" parameter must be provided.', "error-invalid-params")
    if not isinstance(message, dict):
        raise params.invalid("message", "must be an object")
    document = await send(call, message, previews(call.body.get("previewUrls")))
    return {"message": await shown(call.services.store, call.caller, document.body)}


async def send(call: ServerCall, message: dict[str, Any], previewed: frozenset[str] | None) -> Document:
    """Post a message object in the room that it names."""
    services, threads = call.services, call.caller.setting("Threads_enabled")
    made = given(message, previewed, services.clock(), threads=threads)
    rid = message.get("rid")
    if not isinstance(rid, str) or not rid:
        raise Failure("The 'rid' property on the message object is missing.")
    author = await calling(services.store, call.caller)
    find = partial(place_by_id, services.store, rid, author.id)
    return await post(services.store, services.clock, author, find, made, on_event=services.on_event)


async def update(call: ServerCall) -> Answer:
    """Give a message another text."""
    services, body = call.services, call.body
    room_id, id, text = (required(body, name) for name in ("roomId", "msgId", "text"))
    custom_fields: Any = body.get("customFields")
    expect(custom_fields, "object", "customFields")
    document = await edit(
        services.store,
        services.clock,
        await calling(services.store, call.caller),
        room_id,
        id,
        text,
        custom_fields=custom_fields,
        previews=previews(body.get("previewUrls")),
        on_event=services.on_event,
    )
    return {"message": await shown(services.store, call.caller, document.body)}


async def remove(call: ServerCall) -> Answer:
    """Delete a message."""
    services, body = call.services, call.body
    id, room_id = required(body, "msgId"), required(body, "roomId")
    as_user = params.boolean(body, "asUser") or False
    caller = await calling(services.store, call.caller)
    message = await delete(services.store, services.clock, caller, room_id, id, as_user=as_user)
    kept = {name: message.body[name] for name in ("_id", "rid", "u") if name in message.body}
    return {"_id": id, "ts": str(services.clock()), "message": kept}


async def get(call: ServerCall) -> Answer:
    """One message."""
    id = params.string(call.query, "msgId")
    if not id:
        raise Failure('The "msgId" query parameter must be provided.')
    message = await read.one(call.services.store, call.caller, id)
    return NO_SUCH_MESSAGE if message is None else {"message": message}


def previews(urls: Any) -> frozenset[str] | None:
    """The links that may be previewed, as `previewUrls` says; None for all."""
    expect(urls, "array", "previewUrls")
    if not isinstance(urls, list):
        return None
    for number, url in enumerate(urls):
        if url is None:
            raise params.invalid("previewUrls", "must be a list of texts")
        expect(url, "string", f"previewUrls[{number}]")
    return frozenset(url for url in urls if isinstance(url, str))


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="chat.postMessage",
        handler=post_message,
        body=PostMessage,
        answer=PostAnswer,
        summary="Post a message",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.sendMessage",
        handler=send_message,
        body=SendMessage,
        answer=WrittenAnswer,
        summary="Post a message as its client made it",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.update",
        handler=update,
        body=UpdateMessage,
        answer=MessageAnswer,
        summary="Change a message's text",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.delete",
        handler=remove,
        body=DeleteMessage,
        answer=DeleteAnswer,
        summary="Delete a message",
    ),
    ServerEndpoint(
        method="GET",
        path="chat.getMessage",
        handler=get,
        query=WhichMessage,
        answer=MessageAnswer,
        summary="Show a message",
    ),
]
