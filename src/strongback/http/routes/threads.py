"""Threads: their roots, their replies, and who follows them."""

from functools import partial
from typing import Any

import msgspec

from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import Answer, Raw
from strongback.http.listings import answer, page_schema, wanted
from strongback.http.routes.documents import Done, Message, MessagePage
from strongback.http.routes.sync import Gone, gone
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages import sync, threads
from strongback.messages.moment import moment
from strongback.messages.thread import follow as follow_thread


class WhichThread(msgspec.Struct):
    """A message that begins a thread or belongs to one."""

    mid: str


class ThreadPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of the messages that begin threads."""

    threads: list[Message]
    count: int
    offset: int
    total: int
    success: bool


class Changes(msgspec.Struct, forbid_unknown_fields=True):
    """What changed, and what went: all of the room's deleted messages, since nobody knows their thread any more."""

    update: list[Message]
    remove: list[Gone]


class ThreadsSync(msgspec.Struct, forbid_unknown_fields=True):
    """What changed among the messages that begin threads."""

    threads: Changes
    success: bool


class RepliesSync(msgspec.Struct, forbid_unknown_fields=True):
    """What changed among the replies of a thread."""

    messages: Changes
    success: bool


async def list_threads(call: ServerCall) -> Answer:
    """The threads of a room."""
    services, query, asked = call.services, call.query, wanted(call)
    which = params.string(query, "type") or threads.ALL
    if which not in {threads.ALL, threads.FOLLOWING, threads.UNREAD}:
        raise params.invalid("type", "must be all, following or unread")
    found = await threads.of_room(
        services.store,
        call.caller,
        params.string(query, "rid") or "",
        asked,
        which=which,
        text=params.string(query, "text") or "",
        matching_ms=services.settings.matching_ms,
    )
    return answer("threads", found, asked.offset)


async def list_replies(call: ServerCall) -> Answer:
    """The replies of a thread."""
    services, asked = call.services, wanted(call)
    root, matching_ms = params.string(call.query, "tmid") or "", services.settings.matching_ms
    found = await threads.replies(services.store, call.caller, root, asked, matching_ms=matching_ms)
    return answer("messages", found, asked.offset)


async def sync_threads(call: ServerCall) -> Answer:
    """What changed among the threads of a room."""
    services, rid, since = call.services, params.string(call.query, "rid") or "", _since(call)
    matching_ms = services.settings.matching_ms
    updated = await threads.changed_roots(services.store, call.caller, rid, since, matching_ms=matching_ms)
    return await _changes(call, "threads", updated, rid, since)


async def sync_replies(call: ServerCall) -> Answer:
    """What changed among the replies of a thread."""
    services, root, since = call.services, params.string(call.query, "tmid") or "", _since(call)
    matching_ms = services.settings.matching_ms
    rid = await threads.room_of_thread(services.store, call.caller, root)
    updated = await threads.changed_replies(services.store, call.caller, root, since, matching_ms=matching_ms)
    return await _changes(call, "messages", updated, rid, since)


async def _changes(call: ServerCall, name: str, updated: list[str], rid: str, since: int) -> Answer:
    went = gone(await sync.deleted(call.services.store, call.caller, rid, since))
    return Raw(f'{{"{name}":{{"update":[{",".join(updated)}],"remove":{went}}},"success":true}}'.encode())


def _since(call: ServerCall) -> int:
    since = moment(params.string(call.query, "updatedSince"))
    if since is None:
        raise Failure(
            'The "updatedSince" query parameter must be a valid date.', "error-updatedSince-param-invalid"
        )
    return since


async def follow(call: ServerCall, *, follows: bool) -> Answer:
    """Let the caller follow a thread, or no longer."""
    services, id = call.services, params.string(call.body, "mid")
    if not id:
        raise Failure("", 'The required "mid" body param is missing.')
    await follow_thread(services.store, services.clock, call.caller, id, follows=follows)
    return {}


def _since_schema(which: str) -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in (which, "updatedSince")}
    return {"type": "object", "properties": texts, "required": [*texts], "additionalProperties": False}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="chat.getThreadsList",
        handler=list_threads,
        validate=True,
        schema=page_schema("rid", "type", "text"),
        answer=ThreadPage,
        summary="List the threads of a room, the last answered first",
    ),
    ServerEndpoint(
        method="GET",
        path="chat.getThreadMessages",
        handler=list_replies,
        validate=True,
        schema=page_schema("tmid", "sort"),
        answer=MessagePage,
        summary="List the replies of a thread",
    ),
    ServerEndpoint(
        method="GET",
        path="chat.syncThreadsList",
        handler=sync_threads,
        validate=True,
        schema=_since_schema("rid"),
        answer=ThreadsSync,
        summary="Show what changed among the threads of a room since a moment",
    ),
    ServerEndpoint(
        method="GET",
        path="chat.syncThreadMessages",
        handler=sync_replies,
        validate=True,
        schema=_since_schema("tmid"),
        answer=RepliesSync,
        summary="Show what changed among the replies of a thread since a moment",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.followMessage",
        handler=partial(follow, follows=True),
        body=WhichThread,
        answer=Done,
        summary="Follow a thread",
    ),
    ServerEndpoint(
        method="POST",
        path="chat.unfollowMessage",
        handler=partial(follow, follows=False),
        body=WhichThread,
        answer=Done,
        summary="Follow a thread no longer",
    ),
]
