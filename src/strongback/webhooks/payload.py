"""What an outgoing integration is told about an event (spec/06 B2)."""

from collections.abc import Mapping
from typing import Any

from strongback.documents.dates import format_date
from strongback.documents.document import Document, hidden_members
from strongback.documents.event import Event

HIDDEN_OF_ROOMS = frozenset({"lastMessage"})
"""What receivers do not get beside what no answer carries: who hears that a room exists need not read it."""


def event_data(event: Event, site_url: str) -> dict[str, Any]:
    """The members that are the same for every integration that is told of this event."""
    match event.kind:
        case "sendMessage":
            return _sent(event, site_url)
        case "fileUploaded":
            return _uploaded(event)
        case "roomCreated":
            return _created(event)
        case "roomArchived" | "roomJoined" | "roomLeft":
            return _changed(event)
        case "userCreated":
            return _account(event)


def payload(shared: Mapping[str, Any], token: str | None, trigger_word: str | None) -> dict[str, Any]:
    """The whole of what one integration is told, in upstream's order; `shared` comes from `event_data`."""
    base: dict[str, Any] = {} if token is None else {"token": token}
    base["bot"] = False
    if trigger_word:
        base["trigger_word"] = trigger_word
    return {**base, **shared}


def _sent(event: Event, site_url: str) -> dict[str, Any]:
    message = _body(event.message)
    data = _of_message(event, message) | {"siteUrl": site_url} | _marks(message)
    if message.get("editedAt"):
        data["isEdited"] = True
    if message.get("tmid"):
        data["tmid"] = message["tmid"]
    return data


def _uploaded(event: Event) -> dict[str, Any]:
    message = _body(event.message)
    documents = {
        "user": _public("users", event.user),
        "room": _public("rooms", event.room),
        "message": _public("messages", event.message),
    }
    return _of_message(event, message) | documents | _marks(message)


def _created(event: Event) -> dict[str, Any]:
    room, owner = _body(event.room), event.owner or event.user
    return {
        **_channel(room),
        **_named("timestamp", room.get("ts")),
        **_author(owner.body),
        "owner": _public("users", owner),
        "room": _public("rooms", event.room),
    }


def _changed(event: Event) -> dict[str, Any]:
    return {
        "timestamp": format_date(event.at),
        **_channel(_body(event.room)),
        **_author(event.user.body),
        "user": _public("users", event.user),
        "room": _public("rooms", event.room),
        **_bot_account(event.user.body),
    }


def _account(event: Event) -> dict[str, Any]:
    user = event.user.body
    return {
        **_named("timestamp", user.get("createdAt")),
        **_author(user),
        "user": _public("users", event.user),
        **_bot_account(user),
    }


def _of_message(event: Event, message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_channel(_body(event.room)),
        **_named("message_id", message.get("_id")),
        **_named("timestamp", message.get("ts")),
        **_author(message.get("u") or {}),
        **_named("text", message.get("msg")),
    }


def _marks(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in ("alias", "bot") if message.get(name)}


def _channel(room: Mapping[str, Any]) -> dict[str, Any]:
    return _named("channel_id", room.get("_id")) | _named("channel_name", room.get("name"))


def _author(user: Mapping[str, Any]) -> dict[str, Any]:
    return _named("user_id", user.get("_id")) | _named("user_name", user.get("username"))


def _bot_account(user: Mapping[str, Any]) -> dict[str, Any]:
    return {"bot": True} if user.get("type") == "bot" else {}


def _named(name: str, value: Any) -> dict[str, Any]:
    """The member, unless there is nothing to say: upstream's undefined members never reach the wire."""
    return {} if value is None else {name: value}


def _body(document: Document | None) -> Mapping[str, Any]:
    return {} if document is None else document.body


def _public(kind: str, document: Document | None) -> dict[str, Any]:
    hidden = hidden_members(kind) | (HIDDEN_OF_ROOMS if kind == "rooms" else frozenset())
    return {name: value for name, value in _body(document).items() if name not in hidden}
