"""What the text of a search asks for: words, a pattern, and who wrote it, when, with what (docs/compatibility.md)."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from strongback.documents.dates import EPOCH, MILLISECOND
from strongback.errors import Failure

Condition = dict[str, Any]

MOST_WORDS = 50

_CONDITION = re.compile(r"(?<!\S)(from|mention|has|is|before|after|on):(\S+)")
_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_PATTERN = re.compile(r"/(.+)/([imsx]*)", re.DOTALL)
_WORD = re.compile(r'"([^"]*)"|(\S+)')

PEOPLE = {"from": "u.username", "mention": "mentions.username"}
"""Where several of one kind stand, one of them is enough; all other conditions must hold together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search is for: all of these words, and conditions in the language of `query` that must hold together."""

    words: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


def asked(text: str, user_id: str, username: str) -> Asked:
    """Read the text of a search by this user; what looks like a condition but is none counts as a word."""
    found: dict[str, list[Condition]] = defaultdict(list)

    def take(match: re.Match[str]) -> str:
        condition = _condition(match[1], match[2], user_id, username)
        if condition is None:
            return match[0]
        found[match[1]].append(condition)
        return ""

    rest = _CONDITION.sub(take, text).strip()
    words: tuple[str, ...] = ()
    if pattern := _PATTERN.fullmatch(rest):
        found["pattern"].append({"msg": {"$regex": pattern[1], "$options": pattern[2]}})
    else:
        words = _words(rest)
    all_of = [one for kind, some in found.items() for one in ([{"$or": some}] if kind in PEOPLE else some)]
    return Asked(words, tuple(all_of))


def _words(text: str) -> tuple[str, ...]:
    """The words of a text, and what stands in quotes as one; signs alone are none."""
    found = [match[1] or match[2] or "" for match in _WORD.finditer(text)]
    words = tuple(word for word in found if any(map(str.isalnum, word)))
    if len(words) > MOST_WORDS:
        raise Failure(f"A search has at most {MOST_WORDS} words", "error-invalid-params")
    return words


def _condition(kind: str, value: str, user_id: str, username: str) -> Condition | None:
    if kind in PEOPLE:
        name = username if value == "me" else value
        return {PEOPLE[kind]: {"$regex": f"^{re.escape(name)}$", "$options": "i"}}
    match kind, value:
        case "has", "star":
            return {"starred._id": user_id}
        case "has", "url" | "link":
            return {"urls.0": {"$exists": True}}
        case ("has", "pin") | ("is", "pinned"):
            return {"pinned": True}
    return _in_time(kind, value)


def _in_time(kind: str, value: str) -> Condition | None:
    """A condition on the day of a message, `DD/MM/YYYY` in UTC."""
    read = _DAY.fullmatch(value)
    if read is None or kind not in {"before", "after", "on"}:
        return None
    try:
        day = datetime(int(read[3]), int(read[2]), int(read[1]), tzinfo=UTC)
        begin, end = ({"$date": (at - EPOCH) // MILLISECOND} for at in (day, day + timedelta(days=1)))
    except (ValueError, OverflowError):
        return None
    return {"ts": {"before": {"$lt": begin}, "after": {"$gte": end}, "on": {"$gte": begin, "$lt": end}}[kind]}
