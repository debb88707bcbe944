"""The stored documents, as answers carry them: open types, since an import keeps members unknown here."""

from typing import Any

import msgspec


class Integration(msgspec.Struct):
    """An incoming or outgoing integration, as an import may have brought it (spec/05 section 1)."""

    _id: str
    type: str
    enabled: bool
    channel: list[Any]


class WrittenIntegration(Integration):
    """An integration as this server writes it."""

    name: str
    username: str
    userId: str
    scriptEnabled: bool
    _createdAt: str
    _createdBy: dict[str, Any]


class ListedIntegration(msgspec.Struct):
    """An integration in a list: whole, or the members that `fields` names."""

    _id: str | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    channel: list[Any] | msgspec.UnsetType = msgspec.UNSET


class Room(msgspec.Struct):
    """A room (spec/04 section 4)."""

    _id: str
    t: str
    name: str
    fname: str
    u: dict[str, str]
    msgs: int
    usersCount: int
    ro: bool
    customFields: dict[str, Any]
    ts: str
    _updatedAt: str


class AnyRoom(msgspec.Struct):
    """A room, as an import may have brought it."""

    _id: str
    t: str


class GroupAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A private group as it is now."""

    group: AnyRoom
    success: bool


class ChannelAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A public channel as it is now."""

    channel: AnyRoom
    success: bool


class User(msgspec.Struct):
    """An account (spec/08 section 2)."""

    _id: str


class Message(msgspec.Struct):
    """A message, as an import may have brought it (spec/07 section 4)."""

    _id: str


class WrittenMessage(msgspec.Struct):
    """A message as this server writes it."""

    _id: str
    rid: str
    msg: str
    ts: str
    u: dict[str, Any]
    _updatedAt: str
    mentions: list[Any]
    channels: list[Any]


class MessagePage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of messages: whole, or the members that `fields` names."""

    messages: list[dict[str, Any]]
    count: int
    offset: int
    total: int
    success: bool


class Done(msgspec.Struct, forbid_unknown_fields=True):
    """It is done."""

    success: bool


class IntegrationPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of integrations."""

    integrations: list[ListedIntegration]
    count: int
    offset: int
    total: int
    success: bool
