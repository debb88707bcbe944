"""What is read with a login token, in one statement, on every engine: the user, a room, what reaches it."""

from collections.abc import Callable, Sequence
from typing import Any

from strongback.storage.contract import AHEAD, SHORT, Login, RoomKey
from strongback.storage.views import role_set, room_view

_ROOM = slice(3, 10)
_INTEGRATION = 10
_LONG = ""
"""Stands for the text of an integration that is not short."""

Statement = Callable[[RoomKey | None, str | None], tuple[str, tuple[str, ...]]]
"""The statement for a room and a scope, where these are given, and its parameters behind user and hash."""


def statement(place: str, revision: str, reaching: str, size: str) -> Statement:
    """Write an engine's statements: its `place` is `?` or `$`, and `revision` selects that of permissions.

    `reaching` joins the integrations `i` that are linked to the room `r` or to the scope, which is the fourth
    parameter; one more than `AHEAD` will do. `size` is how many bytes the text of one has.
    """
    login = f"SELECT u.username, u.roles, ({revision})"
    token = "FROM tokens t JOIN users u ON u.id = t.user_id"
    valid = f"WHERE t.user_id = {place}1 AND t.hash = {place}2 AND u.active"
    view = "r.id, r.name, r.type, r.archived, r.prid, r.team_id, s.roles"

    def room(by: str) -> str:
        member = "LEFT JOIN subscriptions s ON s.rid = r.id AND s.user_id = t.user_id"
        return f"{token} LEFT JOIN rooms r ON r.{by} = {place}3 {member}"

    text = f"CASE WHEN {size} > {SHORT} THEN '{_LONG}' ELSE i.text END"
    alone = f"{login} {token} {valid}"
    with_room = {by: f"{login}, {view} {room(by)} {valid}" for by in ("id", "name")}
    with_reaching = {
        by: f"{login}, {view}, {text} {room(by)} {reaching} {valid} ORDER BY i.created, i.id"
        for by in ("id", "name")
    }

    def chosen(room: RoomKey | None, everywhere: str | None) -> tuple[str, tuple[str, ...]]:
        if room is None:
            return alone, ()
        if everywhere is None:
            return with_room[room.by], (room.value,)
        return with_reaching[room.by], (room.value, everywhere)

    return chosen


def login(user_id: str, rows: Sequence[Any], *, ahead: bool) -> Login | None:
    """Whom the rows of a token authenticate: username, roles, revision, then the columns of a room if one was read.

    With `ahead`, each row has the text of an integration as well, NULL where there is none.
    """
    if not rows:
        return None
    first = rows[0]
    username, roles, revision = first[:3]
    reaching: tuple[str, ...] | None = None
    if ahead and len(rows) <= AHEAD:
        texts = dict.fromkeys(row[_INTEGRATION] for row in rows)  # one may be linked twice
        reaching = None if _LONG in texts else tuple(text for text in texts if text is not None)
    return Login(user_id, username, role_set(roles), revision, room_view(first[_ROOM] or None), reaching)
