"""A document: the wire's members, which of them are dates, and which never reach the wire."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from strongback.documents.dates import format_date

Json = Any
Path = tuple[str | int, ...]

IMPORTED = "_imported"
"""The member that marks an integration which comes from another server: it is retried as it was there."""

HIDDEN = frozenset({"joinCode", "members", "importIds", "e2e", IMPORTED})
"""Members that no answer carries, in any kind of document (spec/02 section 3)."""

HIDDEN_OF_USERS = HIDDEN | {"services", "inviteToken"}


def hidden_members(kind: str) -> frozenset[str]:
    """The members of this kind of document that are stored apart and never shown."""
    return HIDDEN_OF_USERS if kind == "users" else HIDDEN


@dataclass(slots=True)
class Document:
    """One document, decoded: `body` holds every member with dates as wire text, hidden ones included."""

    id: str
    body: dict[str, Json]
    dates: tuple[Path, ...] = ()
    revision: int = 0

    def set(self, name: str, value: Json) -> None:
        """Set a member that is no date; date paths below it are forgotten."""
        self.body[name] = value
        self._forget(name)

    def set_date(self, name: str, ms: int) -> None:
        """Set a member to a date given in epoch milliseconds."""
        if (name,) in self.dates:
            self.body[name] = format_date(ms)
        else:
            self.set(name, format_date(ms))
            self.dates = (*self.dates, (name,))

    def drop(self, name: str) -> None:
        """Remove a member, if it is there."""
        if self.body.pop(name, None) is not None:
            self._forget(name)

    def _forget(self, name: str) -> None:
        for path in self.dates:
            if path[0] == name:
                self.dates = tuple(path for path in self.dates if path[0] != name)
                return


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as it was read: the text that goes on the wire, and what is needed to decode it."""

    id: str
    revision: int
    text: str
    dates: str = "[]"
    hidden: str | None = field(default=None, repr=False)

    def decode(self) -> Document:
        """Decode every member, the hidden ones last."""
        body = msgspec.json.decode(self.text)
        if self.hidden is not None:
            body |= msgspec.json.decode(self.hidden)
        return Document(self.id, body, decode_paths(self.dates), self.revision)


@lru_cache(maxsize=1024)
def decode_paths(text: str) -> tuple[Path, ...]:
    """The date paths of a row from their stored text."""
    return tuple(tuple(path) for path in msgspec.json.decode(text))


@lru_cache(maxsize=1024)
def encode_paths(paths: tuple[Path, ...]) -> str:
    """The stored text of date paths: a JSON list of lists."""
    return msgspec.json.encode(paths).decode()
