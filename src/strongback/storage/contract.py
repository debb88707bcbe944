"""What a store offers, whatever database is under it: reads see every awaited commit.

Nothing here assumes SQLite, one process or one thread. A write is a value: see `strongback.storage.changes`.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from strongback.documents.document import Stored
from strongback.storage.changes import Changes
from strongback.storage.deliveries import (
    Claims,
    Delivery,
    DeliveryPage,
    Old,
    Queue,
    State,
    StoredAnswer,
    StoredEvent,
    TriggerChanges,
    Wanted,
)
from strongback.storage.guards import Steady
from strongback.storage.selections import Having, Selection
from strongback.storage.steps import Link, Token


@dataclass(frozen=True, slots=True)
class Access:
    """Permissions, roles and settings at one revision; never changed once built."""

    revision: int
    permissions: Mapping[str, frozenset[str]]
    roles: Mapping[str, str]
    """Role id to its scope, `Users` or `Subscriptions`."""
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revision of permissions, roles and settings, and of rows, None where there is no such row."""

    access: int
    rows: tuple[int | None, ...]


class RoomKey(NamedTuple):
    """How a room is named: by its id, or by its exact name."""

    by: Literal["id", "name"]
    value: str


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


AHEAD = 50
"""So many integrations are read with a token at most; the page of a room that has more is read by itself."""

SHORT = 8_192
"""No integration of more bytes is read with a token: whoever has one could ask for many long scripts, and get a 403."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whom a token authenticates: an active user, without the members that hold secrets."""

    user_id: str
    username: str
    roles: frozenset[str]
    access_revision: int
    room: RoomView | None = None
    """The room that was asked for, with the user's subscription; None where there is none, or none was asked for."""
    reaching: tuple[str, ...] | None = None
    """The wire texts of all integrations that reach the room, the oldest first; None where they were not asked for or
    not read, are more than `AHEAD`, counting those twice that are linked twice, or where one is not `SHORT`."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a selection: the rows' wire texts, and how many rows the selection has."""

    texts: list[str]
    total: int


class Departure(NamedTuple):
    """A subscription that has ended, with its room and when (epoch milliseconds)."""

    id: str
    rid: str
    at: int


class Store(Protocol):
    """A database with the documents of the system.

    Every method raises `Unavailable` where the database can not serve now.
    """

    look_again: float
    """After so many seconds something may be due of which nobody told this process."""

    async def commit(self, changes: Changes) -> None:
        """Check every guard and run every step in one transaction; durable when it returns.

        Raises Conflict with the first guard that does not hold.
        """

    async def authenticate(
        self, user_id: str, token_hash: str, room: RoomKey | None = None, everywhere: str | None = None
    ) -> Login | None:
        """Find the active user with this id and this token, and the room asked for, in one statement.

        With `everywhere`, a scope, the integrations that are linked to it or to the room may be read too: by a store to
        which a further statement is a further journey.
        """

    async def access(self) -> Access:
        """Read permissions, roles and settings at one revision."""

    async def get(self, kind: str, id: str) -> Stored | None:
        """Read one row by its id."""

    async def revisions(self, *rows: tuple[str, str]) -> Revisions:
        """How old rows, by kind and id, may be in memory, and the table of permissions."""

    async def select(self, selection: Selection) -> list[Stored]:
        """Read all rows of a small selection, by id."""

    async def page(self, selection: Selection, order: str, offset: int, count: int) -> Page:
        """Read a page of a selection in one of `ORDERS`; a `count` of 0 means all that follow."""

    def scan(self, selection: Selection, order: str) -> AsyncGenerator[list[Stored], None]:
        """Read a selection in slices, in one of `ORDERS`, without holding the loop."""

    async def steady(self, having: Having) -> Steady:
        """Read the guard that holds as long as these rows stay as they are."""

    async def room_by_id(self, rid: str, user_id: str) -> RoomView | None:
        """Find a room and the user's subscription to it."""

    async def room_by_name(self, name: str, user_id: str) -> RoomView | None:
        """Find a room by its exact name, of any type, and the user's subscription to it."""

    async def subscription(self, rid: str, user_id: str) -> Stored | None:
        """A user's subscription to a room."""

    async def search(self, rid: str, words: Sequence[str], offset: int, count: int) -> list[Stored]:
        """The messages of a room that hold all of these words, newest first; a `count` of 0 means all that follow."""

    async def deleted(self, rid: str, since: int) -> list[tuple[str, int]]:
        """Which messages of a room have been deleted since a moment, and when (epoch milliseconds)."""

    async def departures(self, user_id: str, since: int) -> list[Departure]:
        """Which subscriptions of a user have ended since a moment, oldest first."""

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

    async def triggers(self, since: int) -> TriggerChanges:
        """What changed among the outgoing integrations after a revision; 0 for all of them."""

    async def trigger_revision(self) -> int:
        """The revision of the last change to any integration."""

    async def event(self, id: str) -> StoredEvent | None:
        """What happened, by its id."""

    async def delivery(self, id: str) -> Delivery | None:
        """A delivery by its id."""

    async def deliveries(
        self, integration_id: str, state: State | None, offset: int, count: int
    ) -> DeliveryPage:
        """A page of an integration's deliveries, newest first; a `count` of 0 means all that follow."""

    async def last_replay(self, delivery_id: str) -> int:
        """The number of a delivery's newest replay; 0 where there is none."""

    async def queue(self, integration_id: str) -> Queue:
        """How the deliveries of an integration fare."""

    async def open_deliveries(self) -> int:
        """How many deliveries have not reached their end; a row an integration is read, not one a delivery."""

    async def claim(self, worker: str, now: int, lease: int, wanted: Wanted) -> Claims:
        """Take deliveries that are due, for this worker alone until `lease` (epoch milliseconds)."""

    async def renew(self, worker: str, lease: int, ids: Collection[str]) -> set[str]:
        """Hold deliveries until `lease`, as far as the worker still has them; answers which those are."""

    async def reclaim(self, now: int, worker: str | None = None) -> int:
        """Make pending what is being sent with an ended lease, or by this worker, whose attempt then does not count;
        answers how many."""

    async def rebase(self, now: int) -> int:
        """Let what waits, and was last changed in what has become the future, wait from now on; answers how many."""

    def on_deliveries(self, wake: Callable[[], None]) -> None:
        """Call this whenever there may be more to deliver: new deliveries, such as are to be tried again, or such as
        another worker did not get done."""

    def on_access(self, changed: Callable[[], None]) -> None:
        """Call this soon after permissions, roles or settings may have been changed by another process."""

    async def answered(self, integration_id: str, key: str, since: int) -> StoredAnswer | None:
        """What a hook answered to a call with this key, not before `since` (epoch milliseconds)."""

    async def secret(self, integration_id: str) -> bytes | None:
        """The sealed signing secret of an integration."""

    async def retire(self, old: Old) -> int:
        """Remove a batch of what is old: deliveries that have ended, events, history, keys; answers how many rows
        went or expired, and 0 only when nothing is left to do."""

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
