"""Methods of the websocket, called over HTTP, as far as clients of the API use them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.direct import converse
from strongback.http.body import json_value
from strongback.http.envelope import Answer, encode
from strongback.http.params import MAX_OFFSET
from strongback.http.routes.chat import previews, send
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages import read, stored
from strongback.messages.edit import edit
from strongback.messages.match import expect, required
from strongback.messages.moment import moment
from strongback.messages.sender import calling
from strongback.messages.shown import shown

DATES = ("ts", "_updatedAt", "editedAt", "pinnedAt", "tlm")
"""The members of a message that are dates, which these methods write as `{"$date": ...}`."""

EDITABLE = ("_id", "msg", "customFields")

RATE = (300, 60_000)
"""Five calls a second, as Rocket.Chat's websocket has it for sending messages."""

Method = Callable[[ServerCall, list[Any]], Awaitable[Any]]


class MethodCall(msgspec.Struct):
    """A call as JSON text: an object with `msg`, `id`, `method` and `params`."""

    message: str


class MethodAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The result as JSON text: an object with `msg`, `id`, and `result` or `error`."""

    message: str
    success: bool


async def method_call(call: ServerCall) -> Answer:
    """Call a method; what goes wrong in it stands in its result."""
    asked = json_value(str(call.body["message"]).encode(), 'The parameter "message"')
    if not isinstance(asked, dict) or asked.get("msg") != "method":
        raise Failure("Invalid method call")
    name, values, id = asked.get("method"), asked.get("params"), asked.get("id")
    if not isinstance(name, str) or not isinstance(values, list) or not isinstance(id, str | int):
        raise Failure("Invalid method call")
    told: dict[str, Any] = {"msg": "result", "id": str(id)}
    method = METHODS.get(name)
    try:
        if method is None:
            told["error"] = _error(404, f"Method '{name}' not found")
        elif (result := await method(call, values)) is not None:
            told["result"] = result
    except Failure as failure:
        told["error"] = _refused(failure)
    return {"message": encode(told).decode()}


def _refused(failure: Failure) -> dict[str, Any]:
    """A refusal as methods tell it."""
    if failure.text.startswith("Match error"):
        return _error(400, "Match failed")
    told = _error(failure.error or failure.text, failure.text) | {"message": failure.message}
    return told if failure.details is None else told | {"details": failure.details}


def _error(error: str | int, reason: str) -> dict[str, Any]:
    return {
        "isClientSafe": True,
        "error": error,
        "reason": reason,
        "message": f"{reason} [{error}]",
        "errorType": "Meteor.Error",
    }


async def room_id(call: ServerCall, values: list[Any]) -> Any:
    """The id of the room that has this id or name."""
    store, named = call.services.store, _text(values, 0)
    view = await store.room_by_id(named, call.caller.id) or await store.room_by_name(named, call.caller.id)
    if view is None or await read.room_of(store, call.caller, view.id) is None:
        raise Failure("Not allowed", "error-not-allowed", details={"method": "getRoomIdByNameOrId"})
    return view.id


async def send_message(call: ServerCall, values: list[Any]) -> Any:
    """Post a message object."""
    message = _object(values, 0)
    required(message, "rid")
    return await _shown(call, await send(call, message, previews(_at(values, 1))))


async def update_message(call: ServerCall, values: list[Any]) -> Any:
    """Give a message another text."""
    message, services = _object(values, 0), call.services
    original = await stored.by_id(services.store, required(message, "_id"))
    if original is None:
        return None
    for key, value in message.items():
        if key not in EDITABLE and value != original.body.get(key):
            details = {"method": "updateMessage"}
            raise Failure(f"Cannot update the message {key}", "error-invalid-update-key", details=details)
    expect(message.get("customFields"), "object", "customFields")
    await edit(
        services.store,
        services.clock,
        await calling(services.store, call.caller),
        original.body["rid"],
        original.id,
        required(message, "msg"),
        custom_fields=message.get("customFields"),
        previews=previews(_at(values, 1)),
        on_event=services.on_event,
    )
    return None


async def load_history(call: ServerCall, values: list[Any]) -> Any:
    """The newest messages of a room before a moment, and where the unread ones begin; false where there is no access."""
    services, view = call.services, await read.room_of(call.services.store, call.caller, _text(values, 0))
    if view is None:
        return False
    limit, seen, threads = _at(values, 2), _date(values, 3), _at(values, 4)
    expect(limit, "number", "limit")
    asked = read.Window(
        latest=_date(values, 1),
        unreads=seen is not None,
        unread_since=seen,
        threads=threads is not False,
        count=20 if limit is None else min(abs(int(limit)), MAX_OFFSET),
    )
    found = await read.history(
        services.store, call.caller, view, asked, matching_ms=services.settings.matching_ms
    )
    told = {"messages": [_ejson(text) for text in found.texts], "unreadNotLoaded": found.unread_not_loaded}
    return told if found.first_unread is None else told | {"firstUnread": _ejson(found.first_unread)}


async def create_direct_message(call: ServerCall, values: list[Any]) -> Any:
    """Open a conversation with one or several people."""
    names = [_text(values, position) for position in range(max(len(values), 1))]
    sender = await calling(call.services.store, call.caller)
    room = await converse(call.services.store, call.services.clock, sender, names)
    return {"t": "d", "rid": room.id, "usernames": room.body["usernames"]}


def _at(values: list[Any], position: int) -> Any:
    return values[position] if position < len(values) else None


def _text(values: list[Any], position: int) -> str:
    return required({f"{n}": value for n, value in enumerate(values)}, f"{position}")


def _object(values: list[Any], position: int) -> dict[str, Any]:
    value = _at(values, position)
    if not isinstance(value, dict):
        raise Failure("Match error: Expected object")
    return value


def _date(values: list[Any], position: int) -> int | None:
    """A moment in epoch milliseconds, None for null; Failure for anything else."""
    value = _at(values, position)
    at = None if value is None else moment(value)
    if value is not None and at is None:
        raise Failure("Match error: Expected Date")
    return at


async def _shown(call: ServerCall, document: Document) -> dict[str, Any]:
    return _with_dates(await shown(call.services.store, call.caller, document.body))


def _ejson(text: str) -> dict[str, Any]:
    return _with_dates(msgspec.json.decode(text))


def _with_dates(body: dict[str, Any]) -> dict[str, Any]:
    """A message with its dates as the websocket writes them."""
    for name in DATES:
        at = parse_date(body[name]) if isinstance(body.get(name), str) else None
        if at is not None:
            body[name] = {"$date": at}
    return body


METHODS: Mapping[str, Method] = {
    "getRoomIdByNameOrId": room_id,
    "sendMessage": send_message,
    "updateMessage": update_message,
    "loadHistory": load_history,
    "createDirectMessage": create_direct_message,
}

ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="method.call/{method}",
        handler=method_call,
        body=MethodCall,
        validate=True,
        answer=MethodAnswer,
        rate=RATE,
        summary=f"Call a method of the websocket: {', '.join(METHODS)}",
    ),
]
