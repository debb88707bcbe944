"""Texts and searches as PostgreSQL's `tsvector` and `tsquery`, with the words that FTS5 finds in them on SQLite.

Letters, numbers and characters of private use make words; everything else parts them. Words compare without regard to
case and to accents. Only what came into Unicode after 2012 differs: FTS5 takes all of it for letters.
"""

import unicodedata
from collections.abc import Sequence
from hashlib import sha256

from strongback.errors import Failure

MOST_BYTES = 500
"""A longer word is known by its hash; PostgreSQL takes 2,046 bytes."""

POSITIONS_A_WORD = 255
"""PostgreSQL keeps no more of them, and takes those beyond the 16,383rd word of a text for one place."""

MOST_VECTOR_BYTES = 900_000
"""Of PostgreSQL's 1,048,575: what a text has beyond is not found."""

MOST_ASKED = 2_000
"""The depth of PostgreSQL's stack bounds what one query may hold."""

ROOM, LONG = "#", "~"
"""What a room and a long word begin with: no word has such a character."""

_RANGES = ((0x300, 0x304), (0x306, 0x30C), (0x323, 0x328))
ACCENTS = {code for first, last in _RANGES for code in range(first, last + 1)} | {
    *(0x30F, 0x311, 0x31B, 0x32D, 0x32E, 0x330, 0x331)
}
"""Marks that stand behind their letter and do not count: those of Latin letters. Other marks part words."""

ALL_KNOWN = 0x10000
"""Characters below are remembered: all together take a few megabytes."""


class _Fold(dict[int, str]):
    """What each character becomes: what compares equal is equal, what parts words is a space."""

    def __missing__(self, code: int) -> str:
        folded = _folded(code)
        if code < ALL_KNOWN:
            self[code] = folded
        return folded


def _folded(code: int) -> str:
    if code in ACCENTS:
        return ""
    character = chr(code)
    category = unicodedata.category(character)
    if category[0] not in "LN" and category != "Co":
        return " "
    folded = character.casefold()
    if len(folded) != 1:  # what would become several letters stays one
        folded = character.lower()
    base = unicodedata.normalize("NFD", folded)[0]
    return base if base.isascii() else folded


_FOLD = _Fold()


def words_of(text: str) -> list[str]:
    """The words of a text, in order, in the form in which they compare."""
    return text.translate(_FOLD).split()


def vector(rid: str, text: str) -> str:
    """The text of a `tsvector`: the words of a message with their positions, and its room."""
    places: dict[str, list[int]] = {}
    for position, word in enumerate(words_of(text), 1):
        places.setdefault(word, []).append(position)
    parts, size = [_quoted(_room(rid))], 0
    for word, positions in places.items():
        lexeme = _bounded(word)
        kept = positions[:POSITIONS_A_WORD]
        size += 2 * len(kept) + 4 * len(lexeme) + 4
        if size > MOST_VECTOR_BYTES:
            break
        parts.append(f"{_quoted(lexeme)}:{','.join(map(str, kept))}")
    return " ".join(parts)


def query(rid: str, words: Sequence[str]) -> str | None:
    """The text of a `tsquery` that finds the messages of a room with all of these words; None where none can have them.

    What falls into several words is found where they follow each other. Raises Failure for too many words.
    """
    phrases = [[_quoted(_bounded(word)) for word in words_of(asked)] for asked in words]
    if not all(phrases):
        return None
    if sum(map(len, phrases)) > MOST_ASKED:
        raise Failure(f"A search may have {MOST_ASKED} words", "error-query-too-expensive")
    return " & ".join([_quoted(_room(rid)), *("<->".join(phrase) for phrase in phrases)])


def _room(rid: str) -> str:
    return ROOM + _bounded(rid.replace("\0", ""))


def _bounded(word: str) -> str:
    encoded = word.encode(errors="surrogatepass")
    return word if len(encoded) <= MOST_BYTES else LONG + sha256(encoded).hexdigest()


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
