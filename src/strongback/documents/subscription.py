"""A subscription: a user's membership of a room (spec/04 section 5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from strongback.documents.document import Document


def new_subscription(
    id: str,
    room: Mapping[str, Any],
    user: Mapping[str, Any],
    now: int,
    *,
    roles: Sequence[str] = (),
    alerted: bool = False,
) -> Document:
    """A membership as it is when it begins; `alerted` is how one starts that another person made."""
    body: dict[str, Any] = {
        "_id": id,
        "rid": room["_id"],
        "t": room["t"],
        "name": room.get("name"),
        "fname": room.get("fname", room.get("name")),
        "u": {key: user[key] for key in ("_id", "username", "name") if key in user},
        "open": True,
        "alert": alerted,
        "unread": int(alerted),
        "userMentions": int(alerted),
        "groupMentions": 0,
    }
    body |= {name: room[name] for name in ("prid", "customFields") if room.get(name) is not None}
    if roles:
        body["roles"] = list(roles)
    document = Document(id, body)
    document.set_date("ts", now)
    if roles:
        document.set_date("ls", now)
    document.set_date("_updatedAt", now)
    return document
