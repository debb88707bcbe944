"""What changed among a room's messages, and what went (spec/07 section 1)."""

from collections.abc import Iterable
from typing import Any

import msgspec

from strongback.documents.dates import format_date
from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import Answer, Raw, encode
from strongback.http.listings import answer, page_schema, wanted
from strongback.http.routes.documents import Message
from strongback.http.routes.search import given
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.listing import Listing
from strongback.messages import sync
from strongback.messages.moment import moment


class SyncQuery(msgspec.Struct):
    """Which room, and since when."""

    roomId: str
    lastUpdate: str


class Gone(msgspec.Struct, forbid_unknown_fields=True):
    """A document that is gone, and since when."""

    _id: str
    _deletedAt: str


class Changes(msgspec.Struct, forbid_unknown_fields=True):
    """The messages that changed, newest first, and those that went."""

    updated: list[Message]
    deleted: list[Gone]


class SyncAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What changed."""

    result: Changes
    success: bool


class DeletedPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of the ids of messages that went."""

    messages: list[Message]
    count: int
    offset: int
    total: int
    success: bool


async def sync_messages(call: ServerCall) -> Answer:
    """What changed in a room since a moment."""
    services, matching_ms = call.services, call.services.settings.matching_ms
    rid = given(call, "roomId", "error-roomId-param-not-provided")
    since = moment(given(call, "lastUpdate", "error-lastUpdate-param-not-provided"))
    if since is None:
        raise Failure('The "lastUpdate" query parameter must be a valid date.', "error-roomId-param-invalid")
    updated = await sync.changed(services.store, call.caller, rid, since, matching_ms=matching_ms)
    went = gone(await sync.deleted(services.store, call.caller, rid, since))
    return Raw(f'{{"result":{{"updated":[{",".join(updated)}],"deleted":{went}}},"success":true}}'.encode())


def gone(deletions: Iterable[tuple[str, int]]) -> str:
    """What is gone, as the wire says it."""
    return encode([{"_id": id, "_deletedAt": format_date(at)} for id, at in deletions]).decode()


async def deleted_messages(call: ServerCall) -> Answer:
    """The ids of the messages of a room that were deleted since a moment."""
    asked, query = wanted(call), call.query
    since = moment(params.string(query, "since"))
    if since is None:
        raise Failure("", 'The "since" query parameter must be a valid date.')
    room_id = params.string(query, "roomId") or ""
    found = await sync.deleted(call.services.store, call.caller, room_id, since)
    page = found[asked.offset : asked.offset + asked.count if asked.count else None]
    texts = [encode({"_id": one.id}).decode() for one in page]
    return answer("messages", Listing(texts, len(found)), asked.offset)


DELETED: dict[str, Any] = {**page_schema("roomId", "since"), "required": ["roomId", "since"]}

ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="chat.syncMessages",
        handler=sync_messages,
        query=SyncQuery,
        answer=SyncAnswer,
        summary="Show what changed in a room since a moment",
    ),
    ServerEndpoint(
        method="GET",
        path="chat.getDeletedMessages",
        handler=deleted_messages,
        validate=True,
        schema=DELETED,
        answer=DeletedPage,
        summary="List the ids of the messages of a room that were deleted since a moment",
    ),
]
