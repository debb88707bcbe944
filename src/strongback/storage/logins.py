"""Who a token authenticates, and the room that the request names, in one statement on every engine."""

from collections.abc import Sequence
from typing import Any

from strongback.storage.contract import Login
from strongback.storage.views import ROOM_VIEW, role_set, room_view

_ROOM = slice(3, 10)
BEHIND_ROOM = 10
"""The place of a further column."""


def statement(place: str, revision: str, by: str = "", *, more: str = "", join: str = "") -> str:
    """Write the statement that reads a token, and a room by its `id` or its `name`.

    An engine's `place` is `?` or `$`, and `revision` selects that of permissions. The parameters are user, hash and room.
    A further `join` may use the room as `r`, and `more` columns be what it brings.
    """
    columns = f"u.username, u.roles, ({revision})"
    token = "FROM tokens t JOIN users u ON u.id = t.user_id"
    valid = f"WHERE t.user_id = {place}1 AND t.hash = {place}2 AND u.active"
    if not by:
        return f"SELECT {columns} {token} {valid}"
    room = f"LEFT JOIN rooms r ON r.{by} = {place}3"
    member = "LEFT JOIN subscriptions s ON s.rid = r.id AND s.user_id = t.user_id"
    return f"SELECT {columns}, {ROOM_VIEW}{more} {token} {room} {member} {join} {valid}"


def login(user_id: str, rows: Sequence[Any], reaching: tuple[str, ...] | None = None) -> Login | None:
    """Whom the rows of a token authenticate: username, roles, revision, then the columns of a room if one was read."""
    if not rows:
        return None
    first = rows[0]
    username, roles, revision = first[:3]
    return Login(user_id, username, role_set(roles), revision, room_view(first[_ROOM] or None), reaching)
