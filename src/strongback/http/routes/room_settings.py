"""What an editor of a group or a channel may set."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import msgspec

from strongback.errors import Failure
from strongback.groups import room_settings
from strongback.groups.rename import rename as rename_room
from strongback.groups.set_type import set_type as set_room_type
from strongback.http import params
from strongback.http.envelope import Answer
from strongback.http.routes.documents import ChannelAnswer, GroupAnswer
from strongback.http.routes.rooms import CHANNELS, GROUPS, Noun, WhichRoom
from strongback.http.services import ServerCall, ServerEndpoint

Text = Literal["topic", "description", "announcement"]

TEXTS: Mapping[str, tuple[Text, str]] = {
    "topic": ("topic", "topic"),
    "description": ("description", "description"),
    "purpose": ("description", "purpose (description)"),
    "announcement": ("announcement", "announcement"),
}
"""By parameter, the member of a room that it sets, and what a refusal calls it."""


class Rename(WhichRoom, kw_only=True):
    """Which room, and its new name."""

    name: str


class SetReadOnly(WhichRoom, kw_only=True):
    """Which room, and whether only some may write in it."""

    readOnly: bool


class SetType(WhichRoom, kw_only=True):
    """Which room, and its new type: `c` or `p`."""

    type: str


class SetCustomFields(WhichRoom, kw_only=True):
    """Which room, and all of its custom fields."""

    customFields: dict[str, Any]


class SetEncrypted(WhichRoom, kw_only=True):
    """Which group, and whether its messages are encrypted."""

    encrypted: bool


class SetText(WhichRoom):
    """Which room, and what it is to say, by the name of the endpoint."""

    topic: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    purpose: str | msgspec.UnsetType = msgspec.UNSET
    announcement: str | msgspec.UnsetType = msgspec.UNSET


class TextAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What the room says now."""

    success: bool
    topic: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    purpose: str | msgspec.UnsetType = msgspec.UNSET
    announcement: str | msgspec.UnsetType = msgspec.UNSET


async def rename(noun: Noun, call: ServerCall) -> Answer:
    """Give a room another name."""
    services, name = call.services, params.string(call.body, "name") or ""
    if not name.strip():
        raise _required("name")
    room = await noun.find(call, call.body, archived=False)
    await rename_room(
        services.store,
        services.clock,
        call.caller,
        room,
        name,
        unchanged=_same(noun, "name", "renamed to"),
        on_rename=services.on_room_rename,
    )
    return await noun.answer(call, room.id)


async def set_text(key: str, noun: Noun, call: ServerCall) -> Answer:
    """Let a room say something about itself."""
    if key not in call.body:
        raise _required(key)
    member, called = TEXTS[key]
    services, text = call.services, params.string(call.body, key) or ""
    room = await noun.find(call, call.body, archived=False)
    unchanged = None if key == "announcement" else _same(noun, called)
    await room_settings.set_text(
        services.store, services.clock, call.caller, room, member, text, unchanged=unchanged
    )
    return {key: text}


async def set_read_only(noun: Noun, call: ServerCall) -> Answer:
    """Let only some write in a room, or everybody again."""
    services, value = call.services, params.boolean(call.body, "readOnly")
    if value is None:
        raise _required("readOnly")
    room = await noun.find(call, call.body, archived=False)
    unchanged = f"The {noun.called} read only setting is the same as what it would be changed to."
    await room_settings.set_read_only(
        services.store, services.clock, call.caller, room, value, unchanged=unchanged
    )
    return await noun.answer(call, room.id)


async def set_type(noun: Noun, call: ServerCall) -> Answer:
    """Make a group a channel, or a channel a group."""
    services, kind = call.services, (params.string(call.body, "type") or "").strip()
    if not kind:
        raise _required("type")
    room = await noun.find(call, call.body, archived=False)
    unchanged = f"The {noun.called} type is the same as what it would be changed to."
    await set_room_type(services.store, services.clock, call.caller, room, kind, unchanged=unchanged)
    return await noun.answer(call, room.id)


async def set_custom_fields(noun: Noun, call: ServerCall) -> Answer:
    """Replace a room's custom fields."""
    services, fields = call.services, call.body.get("customFields")
    if not isinstance(fields, dict):
        raise Failure('The bodyParam "customFields" is required with a type like object.')
    room = await noun.find(call, call.body, archived=False)
    await room_settings.set_custom_fields(services.store, services.clock, call.caller, room, fields)
    return await noun.answer(call, room.id)


async def set_encrypted(call: ServerCall) -> Answer:
    """Say whether a group's messages are encrypted."""
    services, value = call.services, call.body.get("encrypted")
    if not isinstance(value, bool):
        raise _required("encrypted")
    room = await GROUPS.find(call, call.body, archived=False)
    await room_settings.set_encrypted(services.store, services.clock, call.caller, room, value)
    return await GROUPS.answer(call, room.id)


def _required(name: str) -> Failure:
    return Failure(f'The bodyParam "{name}" is required')


def _same(noun: Noun, called: str, verb: str = "changed to") -> str | None:
    """How a channel refuses what it has already; a group takes it without a word."""
    return f"The channel {called} is the same as what it would be {verb}." if noun is CHANNELS else None


def _post(path: str, handler: Any, body: type[msgspec.Struct], answer: type, summary: str) -> ServerEndpoint:
    return ServerEndpoint(
        method="POST", path=path, handler=handler, body=body, answer=answer, summary=summary
    )


def _endpoints(noun: Noun) -> list[ServerEndpoint]:
    """The endpoints that each type of room has."""
    prefix, called = noun.prefix, noun.called
    whole = GroupAnswer if noun is GROUPS else ChannelAnswer
    return [
        _post(f"{prefix}.rename", partial(rename, noun), Rename, whole, f"Give a {called} another name"),
        *(
            _post(
                f"{prefix}.set{key.title()}",
                partial(set_text, key, noun),
                SetText,
                TextAnswer,
                f"Set the {key} of a {called}",
            )
            for key in TEXTS
        ),
        _post(
            f"{prefix}.setReadOnly",
            partial(set_read_only, noun),
            SetReadOnly,
            whole,
            f"Let only some write in a {called}, or everybody",
        ),
        _post(f"{prefix}.setType", partial(set_type, noun), SetType, whole, f"Change the type of a {called}"),
        _post(
            f"{prefix}.setCustomFields",
            partial(set_custom_fields, noun),
            SetCustomFields,
            whole,
            f"Replace the custom fields of a {called}",
        ),
    ]


ENDPOINTS: list[ServerEndpoint] = [
    *_endpoints(GROUPS),
    *_endpoints(CHANNELS),
    _post(
        "groups.setEncrypted",
        set_encrypted,
        SetEncrypted,
        GroupAnswer,
        "Say whether the messages of a private group are encrypted",
    ),
]
