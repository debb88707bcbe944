"""What reading a dump yields: documents, damage, or one refusal."""

from typing import Any, NamedTuple, TypeAlias

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024


class Damage(NamedTuple):
    """A part of a dump that could not be read; everything else of the collection is still delivered."""

    source: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}, {self.place}: {self.reason}"


class UnreadableDump(Exception):
    """Nothing of the dump can be read; the message says why in one sentence."""


Document: TypeAlias = dict[str, Any]
Entry: TypeAlias = Document | Damage
