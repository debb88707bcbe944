"""Selections: which documents are read, and in which order."""

from dataclasses import dataclass
from typing import Literal


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


@dataclass(frozen=True, slots=True)
class Timeline:
    """The messages of a room between two moments (epoch milliseconds), which count too if `inclusive`.

    Messages marked `_hidden` never show; replies in threads show if `threads`.
    """

    rid: str
    after: int | None = None
    before: int | None = None
    inclusive: bool = False
    threads: bool = True


@dataclass(frozen=True, slots=True)
class RoomsOf:
    """The rooms of these types that a user is in."""

    user_id: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChannelsFor:
    """The public channels that are in no team, and those that a user is in."""

    user_id: str


@dataclass(frozen=True, slots=True)
class MembersOf:
    """The active users who are in a room."""

    rid: str


@dataclass(frozen=True, slots=True)
class HoldersOf:
    """The subscriptions of those who hold at least one of these roles in a room."""

    rid: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsersWith:
    """The users who hold a role of their own."""

    role: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """The users who are online, away or busy."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The messages of a room that are `pinned`, `starred` by a user or `mentions` of one, that start a thread
    (`roots`), or that changed after a moment (`changed`, epoch milliseconds)."""

    rid: str
    how: Literal["pinned", "starred", "mentions", "roots", "changed"]
    user_id: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Thread:
    """The replies to a message; hidden ones never show."""

    root: str


Selection = (
    Everything
    | Having
    | IntegrationScope
    | Timeline
    | RoomsOf
    | ChannelsFor
    | MembersOf
    | HoldersOf
    | UsersWith
    | Reachable
    | Marked
    | Thread
)

ORDERS = ("created", "newest", "id", "name", "username", "members", "updated", "threads")
"""How a selection may be ordered in the store; the id breaks ties: oldest first, newest first, by id, rooms by name,
users by username, members by presence and username, by the last change, threads by their last reply."""
