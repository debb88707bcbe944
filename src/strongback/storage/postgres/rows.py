"""The columns that PostgreSQL has beside those of every store: what SQL would otherwise look for inside documents."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from strongback.documents.document import Document
from strongback.storage import rows
from strongback.storage.postgres.words import vector

REACHABLE = ("online", "away", "busy")


def _user(document: Document) -> tuple[Any, ...]:
    return *rows.COLUMNS["users"][1](document), document.body.get("status") in REACHABLE


def _message(document: Document) -> tuple[Any, ...]:
    """`ts` as it is on the wire, empty where there is none; the words of what is shown and no system message."""
    body = document.body
    written = msgspec.json.encode(body["ts"]).decode() if "ts" in body else ""
    words = rows.text(body.get("msg")) if body.get("_hidden") is not True and body.get("t") is None else None
    return *rows.COLUMNS["messages"][1](document), written, vector(body["rid"], words) if words else None


COLUMNS: Mapping[str, tuple[tuple[str, ...], Callable[[Document], tuple[Any, ...]]]] = {
    **rows.COLUMNS,
    "users": ((*rows.COLUMNS["users"][0], "reachable"), _user),
    "messages": ((*rows.COLUMNS["messages"][0], "ts", "search"), _message),
}
"""By kind, the columns and the function that derives them from a document; `search` is the text of a `tsvector`."""
