"""A room: a private group (`p`), a public channel (`c`) or a conversation (`d`) (spec/04 section 4)."""

from collections.abc import Mapping
from typing import Any

from strongback.documents.document import Document


def new_room(
    id: str, kind: str, name: str, creator: Mapping[str, Any] | None, now: int, **members: Any
) -> Document:
    """A room as it is at its creation; `members` are further members of the document."""
    body: dict[str, Any] = {"_id": id, "t": kind, "name": name, "fname": name}
    if creator is not None:
        body["u"] = dict(creator)
    body |= {"msgs": 0, "usersCount": 0, "ro": False, "customFields": {}, "default": False, "sysMes": True}
    document = Document(id, body | members)
    document.set_date("ts", now)
    document.set_date("_updatedAt", now)
    return document
