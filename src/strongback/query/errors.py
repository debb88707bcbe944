"""The one exception of the query language."""

from __future__ import annotations

from typing import Literal

ErrorKind = Literal[
    "bad-operator", "bad-value", "bad-regex", "unsupported", "bad-sort", "bad-skip", "bad-projection"
]


class QueryError(ValueError):
    """A filter, sort, projection or document that the query language refuses.

    `kind` is one of the kinds in docs/query-language.md; `path` names the place in the caller's JSON, such as
    `$or.1.channel.$foo`, and is empty where the whole value is meant. The message always contains the path.
    """

    def __init__(self, kind: ErrorKind, path: str, reason: str) -> None:
        path, reason = _printable(path), _printable(reason)
        super().__init__(f"{path}: {reason}" if path else reason)
        self.kind: ErrorKind = kind
        self.path = path
        self.reason = reason


def _printable(text: str) -> str:
    """Keep a caller's text short, and free of the lone surrogates that no encoder takes."""
    return text[:300].encode("utf-8", "replace").decode("utf-8")


def join(path: str, part: str | int) -> str:
    """Return the path of a member below `path`."""
    return f"{path}.{part}" if path else str(part)
