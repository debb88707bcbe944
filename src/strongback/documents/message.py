"""A message of a room."""

from collections.abc import Mapping
from typing import Any

from strongback.documents.document import Document


def system_message(id: str, kind: str, rid: str, text: str, user: Mapping[str, Any], now: int) -> Document:
    """A message that the server writes: `kind` is its `t`, such as `uj` for a user who joined (spec/04 section 5)."""
    author = {key: user[key] for key in ("_id", "username", "name") if key in user}
    document = Document(id, {"_id": id, "t": kind, "rid": rid, "msg": text, "u": author, "groupable": False})
    document.set_date("ts", now)
    document.set_date("_updatedAt", now)
    return document
