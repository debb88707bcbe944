"""Selections and their orders, as SQL: every one with an index under it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strongback.storage.selections import (
    ChannelsFor,
    Everything,
    Having,
    HoldersOf,
    IntegrationScope,
    Marked,
    MembersOf,
    Reachable,
    RoomsOf,
    Selection,
    Thread,
    Timeline,
    UsersWith,
)
from strongback.storage.sqlite.guards import field, table


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on a table, with its parameters; `source` names the table `t` with what it is joined to.

    `counting` is a statement that counts the rows faster, with the same parameters.
    """

    table: str
    condition: str
    parameters: tuple[Any, ...]
    source: str = ""
    counting: str = ""

    @property
    def tables(self) -> str:
        """What stands behind FROM."""
        return self.source or f"{self.table} t"


ORDER_BY = {
    "created": "t.created, t.id",
    "newest": "t.created DESC, t.id DESC",
    "id": "t.id",
    "name": "t.name, t.id",
    "username": "t.username, t.id",
    "members": "s.member_status DESC, s.member_name, s.user_id",
    "threads": "t.thread_updated DESC, t.id DESC",
    "updated": "t.updated DESC, t.id",
}

COLUMNS = "t.id, t.revision, t.text, t.dates, t.hidden"


LAST_MESSAGE = (
    """SELECT ',"lm":' || (m.text -> '$.ts') || ',"lastMessage":' || m.text FROM messages m"""
    " WHERE m.rid = t.id AND m.last ORDER BY m.created DESC, m.id DESC LIMIT 1"
)

SINCE = "coalesce(nullif(t.seen, 0), t.created)"
_MENTIONED = f"SELECT count(*) FROM mentions m WHERE m.rid = t.rid AND m.created > {SINCE} AND m.user_id"
USER_MENTIONS = f"(t.user_mentions + ({_MENTIONED} = t.user_id))"
GROUP_MENTIONS = f"(t.group_mentions + ({_MENTIONED} = 'all') + ({_MENTIONED} = 'here'))"
_ROWS_OF_OTHERS = (
    "SELECT 1 FROM messages m WHERE m.rid = t.rid AND m.last AND m.user_id <> t.user_id AND m.created >"
)
_UNREAD_ROWS = f"{_ROWS_OF_OTHERS} {SINCE}"
UNREAD = (
    f"iif(t.type = 'd', t.unread + ({_UNREAD_ROWS.replace('SELECT 1', 'SELECT count(*)')}),"
    f" t.unread + ({_MENTIONED} = t.user_id) + ({_MENTIONED} = 'all') + ({_MENTIONED} = 'here'))"
)
SEEN = """iif(t.seen, ',"ls":"' || strftime('%Y-%m-%dT%H:%M:%fZ', t.seen / 1000.0, 'unixepoch') || '"', '')"""

SHOWN_TEXT = {
    "subscriptions": (
        f"""substr(t.text, 1, length(t.text) - 1) || ',"alert":' || iif(t.alert OR EXISTS ({_UNREAD_ROWS}), 'true',"""
        f""" 'false') || ',"unread":' || {UNREAD} || ',"userMentions":' || {USER_MENTIONS} || ',"groupMentions":' ||"""
        f""" {GROUP_MENTIONS} || ',"open":' || iif(t.closed = 0 OR EXISTS ({_ROWS_OF_OTHERS} t.closed), 'true',"""
        f""" 'false') || {SEEN} || '}}'"""
    ),
    "rooms": (
        """substr(t.text, 1, length(t.text) - 1) || ',"usersCount":' || t.members || ',"msgs":' || t.messages"""
        f" || coalesce(({LAST_MESSAGE}), '') || '}}'"
    ),
    "history": (
        """CASE WHEN t.copy IS NULL THEN t.text ELSE substr(t.text, 1, length(t.text) - 1) || ',"integration":' ||"""
        " (SELECT text FROM copies c WHERE c.integration = t.integration_id AND c.revision = t.copy) || '}' END"
    ),
}
"""By kind, the expression for a row's wire text, where members that are stored elsewhere are added at its end."""


def shown_text(kind: str) -> str:
    """The expression for a row's wire text."""
    return SHOWN_TEXT.get(kind, "t.text")


def stored_columns(kind: str) -> str:
    """The columns of a `Stored`."""
    return COLUMNS.replace("t.text", shown_text(kind))


def where(selection: Selection) -> Where:
    """The condition that a selection puts on its table."""
    match selection:
        case Everything(kind):
            return Where(table(kind), "1", ())
        case Having("messages", "rid", rid):
            return Where("messages", "t.rid = ?", (rid,), counting=COUNT_MESSAGES)
        case Having(kind, name, value):
            return Where(table(kind), f"t.{field(kind, name)} = ?", (value,))
        case IntegrationScope(targets, clauses):
            return _scope(targets, clauses)
        case Timeline():
            return _timeline(selection)
        case RoomsOf(user_id, types):
            places = ", ".join("?" * len(types))
            source = "subscriptions s CROSS JOIN rooms t ON t.id = s.rid"
            return Where("rooms", f"s.user_id = ? AND t.type IN ({places})", (user_id, *types), source)
        case ChannelsFor(user_id):
            mine = "EXISTS (SELECT 1 FROM subscriptions s WHERE s.rid = t.id AND s.user_id = ?)"
            return Where("rooms", f"t.type = 'c' AND (t.team_id IS NULL OR {mine})", (user_id,))
        case MembersOf(rid):
            source = "subscriptions s CROSS JOIN users t ON t.id = s.user_id"
            return Where("users", "s.rid = ? AND s.member_active = 1", (rid,), source, COUNT_MEMBERS)
        case HoldersOf(rid, roles):
            places = ", ".join("?" * len(roles))
            holders = f"SELECT user_id FROM room_roles WHERE rid = ? AND role IN ({places})"
            return Where("subscriptions", f"t.rid = ? AND t.user_id IN ({holders})", (rid, rid, *roles))
        case UsersWith(role):
            source = "user_roles s CROSS JOIN users t ON t.id = s.user_id"
            return Where("users", "s.role = ?", (role,), source)
        case Reachable():
            return Where("users", "t.reachable = 1", ())
        case Marked():
            return _marked(selection)
        case Thread(root):
            return Where("messages", "t.thread = ? AND t.shown", (root,))


COUNT_SHOWN = "SELECT coalesce((SELECT messages FROM rooms WHERE id = ?1), 0)"
COUNT_MESSAGES = f"{COUNT_SHOWN} + (SELECT count(*) FROM messages WHERE rid = ?1 AND NOT shown)"
"""The room counts what is shown; what is hidden is little."""

COUNT_MEMBERS = (
    "SELECT coalesce((SELECT members - (SELECT count(*) FROM subscriptions s WHERE s.rid = ?1 AND s.member_active = 0)"
    " FROM rooms WHERE id = ?1), 0)"
)
"""Those who are not active are few, so this does not grow with the room."""


def _scope(
    targets: tuple[tuple[str, str], ...] | None, clauses: tuple[tuple[str | None, str | None], ...]
) -> Where:
    parameters: list[Any] = []
    conditions: list[str] = []
    if targets is not None:
        one = "SELECT integration FROM links WHERE kind = ? AND target = ?"
        conditions.append(f"t.id IN ({' UNION ALL '.join([one] * len(targets)) or 'SELECT 1 WHERE 0'})")
        parameters += [part for target in targets for part in target]
    if (None, None) not in clauses:
        allowed = [_clause(*clause, parameters) for clause in clauses]
        conditions.append(f"({' OR '.join(allowed) or '0'})")
    return Where("integrations", " AND ".join(conditions) or "1", tuple(parameters))


def _timeline(asked: Timeline) -> Where:
    parameters: list[Any] = [asked.rid]
    conditions = ["t.rid = ?", "t.shown"]
    if not asked.threads:
        conditions.append("t.in_room")
    equal = "=" if asked.inclusive else ""
    for moment, sign in ((asked.after, ">"), (asked.before, "<")):
        if moment is not None:
            conditions.append(f"t.created {sign}{equal} ?")
            parameters.append(moment)
    everything = asked == Timeline(asked.rid)
    return Where(
        "messages", " AND ".join(conditions), tuple(parameters), counting=COUNT_SHOWN if everything else ""
    )


MARKED_BY = {"starred": "stars", "mentions": "mentions"}


def _marked(asked: Marked) -> Where:
    if asked.how in MARKED_BY:
        source = f"{MARKED_BY[asked.how]} s CROSS JOIN messages t ON t.id = s.message"
        return Where("messages", "s.user_id = ? AND s.rid = ?", (asked.user_id, asked.rid), source)
    if asked.how == "pinned":
        return Where("messages", "t.rid = ? AND t.pinned AND t.shown", (asked.rid,))
    if asked.how == "roots":
        return Where("messages", "t.rid = ? AND t.thread_updated IS NOT NULL AND t.shown", (asked.rid,))
    return Where("messages", "t.rid = ? AND t.updated > ? AND t.shown", (asked.rid, asked.after))


def _clause(kind: str | None, creator: str | None, parameters: list[Any]) -> str:
    parts = []
    if kind is not None:
        parts.append("t.type = ?")
        parameters.append(kind)
    if creator is not None:
        parts.append("t.created_by = ?")
        parameters.append(creator)
    return f"({' AND '.join(parts)})"


def page_sql(chosen: Where, order: str) -> str:
    """Wire texts of a page; two more parameters: limit (-1 for all) and offset."""
    return (
        f"SELECT {shown_text(chosen.table)} FROM {chosen.tables} WHERE {chosen.condition}"
        f" ORDER BY {ORDER_BY[order]} LIMIT ? OFFSET ?"
    )


def rows_sql(chosen: Where, order: str) -> str:
    """Whole rows of a selection; one more parameter: limit (-1 for all)."""
    return (
        f"SELECT {stored_columns(chosen.table)} FROM {chosen.tables} WHERE {chosen.condition}"
        f" ORDER BY {ORDER_BY[order]} LIMIT ?"
    )


def count_sql(chosen: Where) -> str:
    """How many rows a selection has."""
    return chosen.counting or f"SELECT count(*) FROM {chosen.tables} WHERE {chosen.condition}"


FEW = 1_000
"""So many messages that hold the words of a search are looked at, whatever room they are in."""

COUNT_FEW = f"SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT {FEW + 1})"
SEARCH_FEW = (
    f"SELECT {stored_columns('messages')} FROM messages t WHERE t.rowid IN (SELECT rowid FROM search"
    f" WHERE search MATCH ?2 LIMIT {FEW}) AND +t.rid = ?1 ORDER BY t.rowid DESC LIMIT ?3 OFFSET ?4"
)
SEARCH_MANY = (
    f"SELECT {stored_columns('messages')} FROM search s CROSS JOIN messages t ON t.rowid = s.rowid"
    " WHERE s.search MATCH ?2 AND t.rid = ?1 ORDER BY s.rowid DESC LIMIT ?3 OFFSET ?4"
)


def search(
    connection: sqlite3.Connection, rid: str, words: Sequence[str], offset: int, count: int
) -> list[tuple[Any, ...]]:
    """The messages of a room that hold all of these words, newest first.

    Few that hold them are looked at one by one; of many the index finds those of the room, for which it walks through
    all that the room has.
    """
    terms = f"words : ({' AND '.join(map(quoted, words))})"
    (some,) = connection.execute(COUNT_FEW, (terms,)).fetchone()
    if some <= FEW:
        return connection.execute(SEARCH_FEW, (rid, terms, count or -1, offset)).fetchall()
    return connection.execute(
        SEARCH_MANY, (rid, f"rid : {quoted(rid)} AND {terms}", count or -1, offset)
    ).fetchall()


def quoted(word: str) -> str:
    """A word of a query of the full-text index, quoted, so that it is no operator; NUL would end the query."""
    return '"' + word.replace("\0", " ").replace('"', '""') + '"'
