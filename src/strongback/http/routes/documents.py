"""The stored documents, as answers carry them: open types, since an import keeps members unknown here."""

from typing import Any

import msgspec


class Integration(msgspec.Struct):
    """An incoming or outgoing integration (spec/05 section 1)."""

    _id: str
    type: str
    channel: list[Any]


class Room(msgspec.Struct):
    """A room (spec/04 section 4)."""

    _id: str
    t: str
    usersCount: int


class User(msgspec.Struct):
    """An account (spec/08 section 2)."""

    _id: str


class Done(msgspec.Struct, forbid_unknown_fields=True):
    """It is done."""

    success: bool


class IntegrationPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of integrations."""

    integrations: list[Integration]
    count: int
    offset: int
    total: int
    success: bool
