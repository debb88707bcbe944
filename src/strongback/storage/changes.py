"""A write as a value: guards that must hold, and steps that are run in order, whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strongback.documents.dates import parse_date
from strongback.documents.document import Document

KINDS = (
    "users",
    "rooms",
    "subscriptions",
    "messages",
    "settings",
    "permissions",
    "roles",
    "integrations",
    "history",
)

ACCESS_KINDS = frozenset({"settings", "permissions", "roles"})
"""A write to one of these raises the access revision, so that every cache of them reloads."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "users": ("username", "username_fold"),
    "rooms": ("name", "prid", "is_default"),
    "subscriptions": ("rid", "user_id"),
    "messages": ("rid", "user_id"),
    "settings": (),
    "permissions": (),
    "roles": (),
    "integrations": ("user_id", "created_by"),
    "history": ("integration_id",),
}
"""By kind, the indexed columns that a guard, a removal or a selection may name.

`is_default` of a room is `yes` where new users join it, else nothing.
"""


@dataclass(frozen=True, slots=True)
class Token:
    """A login token or a personal access token of a user, by its hash; `body` is the entry as stored."""

    user_id: str
    hash: str
    body: Mapping[str, Any]
    dates: tuple[tuple[str | int, ...], ...] = ()

    @property
    def name(self) -> str | None:
        """The name of a personal access token; None for a login token."""
        return self.body.get("name") if self.body.get("type") == "personalAccessToken" else None

    @property
    def created(self) -> int:
        """When the token was made, in epoch milliseconds; 0 where the entry does not say."""
        value = self.body.get("createdAt" if self.body.get("type") == "personalAccessToken" else "when")
        return (parse_date(value) or 0) if isinstance(value, str) else 0


# Guards: what must be true inside the commit. A guard that fails raises Conflict(guard).


@dataclass(frozen=True, slots=True)
class Absent:
    """No row of this kind has this value in this field (`id` included)."""

    kind: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The row exists and still has this revision."""

    kind: str
    id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Present:
    """The row exists."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Steady:
    """The rows with this value are those that were read: as many, and none with a newer revision."""

    kind: str
    field: str
    value: str
    count: int
    newest: int


@dataclass(frozen=True, slots=True)
class AdminRemains:
    """An active user with the role `admin` exists beside this one."""

    user_id: str


@dataclass(frozen=True, slots=True)
class EmailFree:
    """No other user has this e-mail address, upper and lower case alike."""

    address: str
    user_id: str


@dataclass(frozen=True, slots=True)
class TokenNameFree:
    """The user has no personal access token of this name."""

    user_id: str
    name: str


Guard = Absent | Unchanged | Present | Steady | AdminRemains | EmailFree | TokenNameFree


# Steps: what is written, in order.


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of an integration's `channel`: its text, and the room, user or scope that it is bound to.

    `kind` is `room`, `user` or `scope`; `target` is an id, a scope's name, or None for a dangling name.
    """

    text: str
    kind: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Put:
    """Insert the document, or replace the one with its id.

    A room's `usersCount` is not taken from the document: the store keeps it equal to the room's subscriptions.
    A user's tokens are no part of the document either: `PutToken` writes them.
    """

    kind: str
    document: Document


@dataclass(frozen=True, slots=True)
class PutIntegration:
    """Insert or replace an integration and all of its links."""

    document: Document
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the row, if it is there, with what hangs on it alone (tokens, links).

    Links to a room or a user that goes keep their text and are bound to nothing.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class RemoveAll:
    """Remove every row with this value in this field."""

    kind: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class PutToken:
    """Add a token to a user; at most `keep` login tokens stay, the oldest go."""

    token: Token
    keep: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveToken:
    """Remove the user's token with this hash."""

    user_id: str
    hash: str


@dataclass(frozen=True, slots=True)
class RemoveTokens:
    """Remove all tokens of a user."""

    user_id: str


Step = Put | PutIntegration | Remove | RemoveAll | PutToken | RemoveToken | RemoveTokens


@dataclass(slots=True)
class Changes:
    """A write as a value: run whole or not at all."""

    guards: list[Guard] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
