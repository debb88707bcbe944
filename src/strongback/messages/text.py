"""What the text of a message names: links, accounts and rooms. Text in backquotes names nothing."""

import re
from collections.abc import Iterable

import pcre2

from strongback.accounts.usernames import MATCH_LIMIT

_LINK = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,9}://[-\w.:@]+(?:[/?#][^\s<>\"`|]*)?")
_INLINE = re.compile(r"`[^`\n]+`")
_ENDS = ".,;:!?'*_~"
"""What ends a sentence around a link rather than the link."""


def links(text: str) -> list[str]:
    """The links in a text, each once."""
    if "://" not in text:
        return []
    return list(dict.fromkeys(_trimmed(found) for found in _LINK.findall(_prose(text))))


def names(sign: str, pattern: str, text: str) -> list[str]:
    """The names in a text behind a sign such as `@`, each once; `pattern` is the setting that says what a name is."""
    if sign not in text:
        return []
    behind = f"{MATCH_LIMIT}(?:^|(?<=[\\s>]))\\{sign}((?:{pattern}))"
    try:
        found: Iterable[str] = (
            match[1] for match in pcre2.compile(behind, flags=pcre2.A | pcre2.M).finditer(_prose(text))
        )
        return [name for name in dict.fromkeys(found) if name]
    except (pcre2.LibraryError, UnicodeError):
        return []  # the setting is no pattern, or one that costs too much


def _prose(text: str) -> str:
    """The text without what stands in backquotes."""
    if "`" not in text:
        return text
    parts = text.split("```")
    outside = parts[::2] if len(parts) % 2 else [*parts[::2], parts[-1]]
    return _INLINE.sub(" ", "\n".join(outside))


def _trimmed(link: str) -> str:
    link = link.rstrip(_ENDS)
    while link.endswith(")") and link.count(")") > link.count("("):
        link = link[:-1].rstrip(_ENDS)
    return link
