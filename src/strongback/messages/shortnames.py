"""The shortnames of emoji, such as `smile`: the list that Rocket.Chat 6.14 goes by, other names included."""

from functools import cache
from pathlib import Path

NAMES = Path(__file__).parent / "emoji" / "names.txt"


def shortname(text: str) -> str:
    """A name between colons, whether or not it was given with them."""
    return f":{text.replace(':', '')}:"


def is_standard(text: str) -> bool:
    """Whether a shortname, colons included, is one of the list."""
    return text[1:-1] in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(NAMES.read_text(encoding="utf-8").split())
