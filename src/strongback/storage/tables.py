"""The tables of a store, row by row, as they are copied from one engine to another: what is in them, and the two ends."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from strongback.storage.rows import COLUMNS, ROW

Row: TypeAlias = tuple[Any, ...]
"""The values of a table's columns: texts, integers, bytes, None; true and false are 1 and 0."""

Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its key, the columns that every engine has, and those of some that are derived from the document."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    derived: tuple[str, ...] = ()

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return tuple(row[self.columns.index(name)] for name in self.key)


def _documents(kind: str, *more: str, derived: tuple[str, ...] = ()) -> Table:
    return Table(kind, ("id",), (*ROW, *COLUMNS[kind][0], *more), derived)


def _table(name: str, key: str, columns: str = "") -> Table:
    return Table(name, tuple(key.split()), (*key.split(), *columns.split()))


_COUNTS = "attempts next_at worker lease request request_revision created updated"

TABLES = (
    _documents("settings"),
    _documents("permissions"),
    _documents("roles"),
    _documents("users", derived=("reachable",)),
    _table("user_roles", "role user_id"),
    _table("emails", "address user_id"),
    _table("tokens", "user_id hash", "name created body dates"),
    _documents("rooms", "members", "messages"),
    _documents("subscriptions", "member_name", "member_status", "member_active"),
    _table("room_roles", "rid role user_id"),
    _table("departures", "id", "user_id rid at"),
    _documents("messages", derived=("ts", "search")),
    _table("mentions", "user_id rid created message"),
    _table("stars", "user_id rid created message"),
    _table("trash", "id", "rid deleted"),
    _documents("integrations"),
    _table("integrations_gone", "id", "revision"),
    _table("links", "integration position", "text kind target"),
    _table("urls", "url integration"),
    _table("secrets", "integration", "sealed"),
    _documents("history", "copy"),
    _table("copies", "integration revision", "text"),
    _table("events", "sequence", "id kind rid message user_id hops body created"),
    _table("origins", "id", "origin"),
    _table("targets", "id", "integration url origin"),
    _table("outbox", "sequence", f"event number replay target origin trigger_word state reason {_COUNTS}"),
    _table("queues", "integration", "open failures failing_since"),
    _table("keys", "integration key", "digest status body created"),
)
"""All tables with something to copy. The revisions of the whole database are `Counters`."""


class Counters(NamedTuple):
    """The revisions of a database: of its last commit, of what permissions follow from, of outgoing integrations."""

    revision: int
    access: int
    triggers: int


class Refusal(NamedTuple):
    """A row that the target can not hold, and why."""

    key: Key
    reason: str


@dataclass(slots=True)
class Progress:
    """How far a table is copied: rows that are behind, refused ones included, and the key of the last of them."""

    rows: int = 0
    last: Key | None = None
    refused: list[Refusal] = field(default_factory=list)


class Checksum(NamedTuple):
    """How many rows, and a SHA-256 over all of their values in the order of their keys."""

    rows: int
    sha256: str


class Source(Protocol):
    """The database that is copied: nobody else writes to it, and it does not change."""

    name: str
    """Which database it is, and in which state; another state has another name."""

    async def counters(self) -> Counters:
        """The revisions of the database."""
        ...

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        ...

    def rows(self, table: Table, after: Key | None = None) -> AsyncIterator[list[Row]]:
        """The rows of a table in the order of their keys, those behind a key, in batches."""
        ...


class Target(Protocol):
    """The database that a copy is written to."""

    place: str
    """Which database it is, without a password."""

    async def begin(self, source: str) -> dict[str, Progress]:
        """Go on with the copy of this source, or begin it in an empty database.

        Answers how far each table is, and keeps that up to date. Raises Unavailable where the database holds anything else.
        """
        ...

    async def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Write the next rows of a table as they are and how far the table is now, or nothing at all."""
        ...

    async def settle(self, counters: Counters) -> None:
        """Take over the revisions, once all rows are written, and let new rows come behind the greatest numbers."""
        ...

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """What the checksum of a table is taken over, for these rows as they ought to be."""
        ...

    async def checksum(self, table: Table) -> Checksum:
        """The checksum of a table as it is stored."""
        ...

    async def counters(self) -> Counters:
        """The revisions of the database."""
        ...

    async def finish(self) -> None:
        """Let the database be used."""
        ...
