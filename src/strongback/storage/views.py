"""What the columns of a room and of roles become, on every engine."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from strongback.storage.contract import RoomView

ROOM_VIEW = "r.id, r.name, r.type, r.archived, r.prid, r.team_id, s.roles"
"""What is read of a room `r` and of somebody's subscription `s` to it, on every engine."""


@lru_cache(maxsize=4096)
def role_set(text: str) -> frozenset[str]:
    """The roles in a column."""
    return frozenset(msgspec.json.decode(text))


def room_view(found: Sequence[Any] | None) -> RoomView | None:
    """The room of a row of `ROOM_VIEW`; the roles of the subscription are NULL without one.

    None without a row, and for one whose outer join found no room.
    """
    if found is None or found[0] is None:
        return None
    id, name, type, archived, prid, team_id, roles = found
    held = frozenset[str]() if roles is None else role_set(roles)
    return RoomView(id, name or "", type, bool(archived), prid, team_id, roles is not None, held)
