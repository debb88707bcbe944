"""Memberships of the caller, and what the caller has seen (spec/04 section 5)."""

from typing import Any, cast

import msgspec

from strongback.errors import Failure
from strongback.groups import read_state
from strongback.http import params
from strongback.http.envelope import Answer, Raw
from strongback.http.routes.documents import Done
from strongback.http.routes.sync import Gone, gone
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages.moment import moment


class Subscription(msgspec.Struct):
    """A membership of a room, as an import may have brought it."""

    _id: str
    rid: str
    open: bool
    alert: bool
    unread: int
    userMentions: int
    groupMentions: int


class Memberships(msgspec.Struct, forbid_unknown_fields=True):
    """The subscriptions that changed, and those that have ended."""

    update: list[Subscription]
    remove: list[Gone]
    success: bool


class Membership(msgspec.Struct, forbid_unknown_fields=True):
    """A subscription, or null where there is none."""

    subscription: Subscription | None
    success: bool


async def get(call: ServerCall) -> Answer:
    """The caller's subscriptions: all, or what changed among them since a moment."""
    text = params.string(call.query, "updatedSince")
    since = moment(text) if text else None
    if text and since is None:
        raise Failure('The "lastUpdate" query parameter must be a valid date.', "error-roomId-param-invalid")
    texts, ended = await read_state.memberships(call.services.store, call.caller, since)
    removed = gone((one.id, one.at) for one in ended)
    return Raw(f'{{"update":[{",".join(texts)}],"remove":{removed},"success":true}}'.encode())


async def get_one(call: ServerCall) -> Answer:
    """The caller's subscription to a room."""
    room_id = params.string(call.query, "roomId") or ""
    return {"subscription": await read_state.membership(call.services.store, call.caller, room_id)}


async def read(call: ServerCall) -> Answer:
    """Let the caller have seen everything in a room."""
    services, body = call.services, call.body
    rid = params.string(body, "rid" if "rid" in body else "roomId") or ""
    await read_state.read(services.store, services.clock, call.caller, rid)
    return {}


async def unread(call: ServerCall) -> Answer:
    """Let the caller not have seen a message, or the last one of a room."""
    services, first = call.services, call.body.get("firstUnreadMessage")
    if isinstance(first, dict):
        id = cast("str", first["_id"])
        await read_state.unread_from(services.store, services.clock, call.caller, id)
    else:
        room_id = params.string(call.body, "roomId") or ""
        await read_state.unread_room(services.store, services.clock, call.caller, room_id)
    return {}


def _object(required: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The schema of an object with these members and no others."""
    return {
        "type": "object",
        "properties": required | more,
        "required": [*required],
        "additionalProperties": False,
    }


TEXT = {"type": "string"}
FLAG = {"type": "boolean", "nullable": True}
READ = {"anyOf": [_object({name: TEXT}, readThreads=FLAG) for name in ("rid", "roomId")]}
UNREAD = {"anyOf": [_object({"roomId": TEXT}), _object({"firstUnreadMessage": _object({"_id": TEXT})})]}

ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="subscriptions.get",
        handler=get,
        validate=True,
        schema=_object({}, updatedSince={"type": "string", "nullable": True}),
        answer=Memberships,
        summary="List the caller's memberships",
    ),
    ServerEndpoint(
        method="GET",
        path="subscriptions.getOne",
        handler=get_one,
        validate=True,
        schema=_object({"roomId": TEXT}),
        answer=Membership,
        summary="Show the caller's membership of a room",
    ),
    ServerEndpoint(
        method="POST",
        path="subscriptions.read",
        handler=read,
        validate=True,
        schema=READ,
        answer=Done,
        summary="Mark a room as read",
    ),
    ServerEndpoint(
        method="POST",
        path="subscriptions.unread",
        handler=unread,
        validate=True,
        schema=UNREAD,
        answer=Done,
        summary="Mark a room as unread, from a message or from its last one",
    ),
]
