"""Rows of a copy as lines of COPY's text format: what a table is filled with, and what its checksum is taken over."""

import re
from collections.abc import Sequence
from typing import Any

from strongback.documents.document import Stored
from strongback.errors import Failure
from strongback.storage.postgres.rows import COLUMNS
from strongback.storage.rows import ROW
from strongback.storage.tables import Row, Table

BOOLEANS = frozenset(
    {"active", "archived", "in_room", "last", "member_active", "pinned", "reachable", "shown"}
)
"""Columns of any table that are true or false here: they take 1 and 0, and are read back as these."""

COLLATED = frozenset({"url"})
"""Texts of a key that do not compare by their bytes unless they are told to."""

NULL = "\\N"
ESCAPES = (
    ("\\", "\\\\"),
    ("\t", "\\t"),
    ("\n", "\\n"),
    ("\r", "\\r"),
    ("\b", "\\b"),
    ("\f", "\\f"),
    ("\v", "\\v"),
)
"""What COPY escapes, the escape itself first."""

LAST_POSITION = 16_383
_ROOM = re.compile(r"'(?:[^'\\]|''|\\\\)*'")
_FAR = re.compile(r"[:,][0-9]{5}")


class Unstorable(Failure):
    """A row that PostgreSQL can not hold."""


def columns(table: Table) -> tuple[str, ...]:
    """The columns that a line has, in its order."""
    return *table.columns, *table.derived


def select(table: Table) -> str:
    """The statement that COPY answers with the lines of a table, in the order of its key."""
    chosen = [f"{name}::int" if name in BOOLEANS else name for name in columns(table)]
    key = [f'{name} COLLATE "C"' if name in COLLATED else name for name in table.key]
    return f"SELECT {', '.join(chosen)} FROM {table.name} ORDER BY {', '.join(key)}"


def line(table: Table, row: Row) -> str:
    """A row as a line; raises Unstorable where a text has the character NUL, or a document can not be read."""
    values = (*row, *_derived(table, row)) if table.derived else row
    text = "\t".join(map(_field, values)) + "\n"
    if "\0" in text:
        named = [name for name, value in zip(table.columns, row, strict=True) if "\0" in str(value)]
        raise Unstorable(f"{', '.join(named)}: PostgreSQL can not store the character NUL")
    return text


def encode(table: Table, rows: Sequence[Row]) -> bytes:
    """The lines of rows."""
    return "".join([line(table, row) for row in rows]).encode()


def _field(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    text = str(value)
    for character, escaped in ESCAPES:
        text = text.replace(character, escaped)
    return text


def _derived(table: Table, row: Row) -> tuple[Any, ...]:
    """The columns that only PostgreSQL has, as they follow from the document."""
    names, derive = COLUMNS[table.name]
    try:
        found = dict(zip(names, derive(Stored(*row[: len(ROW)]).decode()), strict=True))
    except (ValueError, KeyError) as error:
        raise Unstorable(f"the document can not be read: {error}") from None
    return tuple(_kept(name, found[name]) for name in table.derived)


def _kept(name: str, value: Any) -> Any:
    if name in BOOLEANS:
        return int(value)
    return as_kept(value) if name == "search" and value is not None else value


def as_kept(vector: str) -> str:
    """The text of a `tsvector` as PostgreSQL writes it: lexemes in the order of their bytes, positions within bounds.

    The room is the first of them, since no word begins with a character before its sign. Words have none of the
    characters that end them here, so their entries are in the same order as they.
    """
    found = _ROOM.match(vector)
    assert found is not None, vector
    words = vector[found.end() :].split()
    if _FAR.search(vector, found.end()):
        words = [_bounded(word) for word in words]
    return " ".join([found[0], *sorted(words)])


def _bounded(word: str) -> str:
    lexeme, _, places = word.rpartition(":")
    bounded = dict.fromkeys(min(int(place), LAST_POSITION) for place in places.split(","))
    return f"{lexeme}:{','.join(map(str, bounded))}"
