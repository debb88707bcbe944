"""Whether a message is meant for an integration: its words, edits, and no talking to itself (spec/06 B1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strongback.documents.event import Event
from strongback.integrations.validate_outgoing import EVENTS

MOST_HOPS = 5
"""How many integrations may answer one another before a chain stops."""


@dataclass(frozen=True, slots=True)
class Match:
    """An event that an integration is to be told of, and the word that called it."""

    trigger_word: str | None = None


def matches(body: Mapping[str, Any], event: Event) -> Match | None:
    """How an integration that listens to such events there matches this one; None where it does not.

    The lookup by channel, `enabled` and the event's name comes before.
    """
    message = event.message.body if event.message is not None else {}
    if event.hops >= MOST_HOPS or _own(message, body["_id"]):
        return None
    if message.get("editedAt") and not body.get("runOnEdits"):
        return None
    words = body.get("triggerWords")
    if not words or not EVENTS[event.kind].trigger_words:
        return Match()
    word = _first(words, message.get("msg") or "", anywhere=bool(body.get("triggerWordAnywhere")))
    return None if word is None else Match(word)


def _own(message: Mapping[str, Any], integration_id: str) -> bool:
    bot = message.get("bot")
    return isinstance(bot, dict) and bot.get("i") == integration_id


def _first(words: Sequence[str], text: str, *, anywhere: bool) -> str | None:
    """The first word of the list that the text starts with or contains; blank ones call nobody."""
    for word in words:
        if word.strip() and (word in text if anywhere else text.startswith(word)):
            return word
    return None
