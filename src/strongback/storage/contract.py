"""What a store offers, whatever database is under it: a write is a value, and reads see every awaited commit.

Nothing here assumes SQLite, one process or one thread. Kinds are the nouns of the system: `users`, `rooms`,
`subscriptions`, `messages`, `settings`, `permissions`, `roles`, `integrations`, `history`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from strongback.documents.dates import parse_date
from strongback.documents.document import Document, Stored

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


# Reads.


@dataclass(frozen=True, slots=True)
class Access:
    """Permissions, roles and settings at one revision; never changed once built."""

    revision: int
    permissions: Mapping[str, frozenset[str]]
    roles: Mapping[str, str]
    """Role id to its scope, `Users` or `Subscriptions`."""
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """Whom a token authenticates: an active user, without the members that hold secrets."""

    user_id: str
    username: str
    roles: frozenset[str]
    access_revision: int


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as the lookup needs it, with the caller's subscription where there is one."""

    id: str
    name: str
    type: str
    archived: bool
    prid: str | None
    team_id: str | None
    subscribed: bool
    subscription_roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Everything:
    """All rows of a kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class Having:
    """The rows of a kind with this value in an indexed field."""

    kind: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class IntegrationScope:
    """Integrations linked to one of `targets` (all, if None) that one of the `clauses` allows.

    A target is (link kind, id). A clause is (type or None for both, creator's id or None for anybody).
    No clause allows nothing.
    """

    targets: tuple[tuple[str, str], ...] | None
    clauses: tuple[tuple[str | None, str | None], ...]


Selection = Everything | Having | IntegrationScope

ORDERS = ("created", "id", "username", "updated")
"""How a selection may be ordered in the store; the id breaks ties: oldest first, by id, by name, newest first."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a selection: the rows' wire texts, and how many rows the selection has."""

    texts: list[str]
    total: int


class Store(Protocol):
    """A database with the documents of the system.

    Every method raises `Unavailable` where the database can not serve now.
    """

    async def commit(self, changes: Changes) -> None:
        """Check every guard and run every step in one transaction; durable when it returns.

        Raises Conflict with the first guard that does not hold.
        """

    async def authenticate(self, user_id: str, token_hash: str) -> Login | None:
        """Find the active user with this id and this token, in one statement."""

    async def access(self) -> Access:
        """Read permissions, roles and settings at one revision."""

    async def get(self, kind: str, id: str) -> Stored | None:
        """Read one row by its id."""

    async def select(self, selection: Selection) -> list[Stored]:
        """Read all rows of a small selection, by id."""

    async def page(self, selection: Selection, order: str, offset: int, count: int) -> Page:
        """Read a page of a selection in one of `ORDERS`; a `count` of 0 means all that follow."""

    def scan(self, selection: Selection, order: str) -> AsyncIterator[list[Stored]]:
        """Read a selection in slices, in one of `ORDERS`, without holding the loop."""

    async def steady(self, having: Having) -> Steady:
        """Read the guard that holds as long as these rows stay as they are."""

    async def room_by_id(self, rid: str, user_id: str) -> RoomView | None:
        """Find a room and the user's subscription to it."""

    async def room_by_name(self, name: str, user_id: str) -> RoomView | None:
        """Find a room by its exact name, of any type, and the user's subscription to it."""

    async def user_by_name(self, username: str) -> Stored | None:
        """Find a user by username: the exact one, else the only one that differs in case alone."""

    async def user_by_email(self, address: str) -> Stored | None:
        """Find a user by e-mail address, upper and lower case alike."""

    async def tokens(self, user_id: str) -> list[Token]:
        """All tokens of a user, oldest first."""

    async def token_owner(self, token_hash: str) -> str | None:
        """The id of the active user who holds a token."""

    async def integration_by_url(self, url: str) -> Stored | None:
        """The oldest outgoing integration with this URL."""

    async def links(self, integration_id: str) -> list[Link]:
        """The links of an integration, in order."""

    async def counts(self) -> dict[str, int]:
        """How many rows each kind has."""

    async def owners(self, rid: str) -> list[str]:
        """The ids of a room's owners."""

    async def backup(self, path: Path) -> None:
        """Write a copy of the whole database to a new file, while the server runs."""

    async def check(self) -> list[str]:
        """What is wrong with the database itself; empty when it is sound."""

    async def close(self) -> None:
        """Finish the commits that were handed in, then let go of the database."""
