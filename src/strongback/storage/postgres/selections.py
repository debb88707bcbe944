"""Selections and their orders, as SQL: every one with an index under it."""

from dataclasses import dataclass
from typing import Any

from strongback.storage.postgres.guards import field, table
from strongback.storage.postgres.shown import SHOWN_TEXT, shown_text, stored_columns
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


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on a table, with its parameters; `source` names the table `t` with what it is joined to.

    `counting` is a statement that counts the rows faster, with the same parameters.
    """

    table: str
    condition: str
    parameters: tuple[Any, ...] = ()
    source: str = ""
    counting: str = ""

    @property
    def tables(self) -> str:
        """What stands behind FROM."""
        return self.source or f"{self.table} t"

    def place(self, number: int) -> str:
        """The placeholder of a further parameter, by its number from 1 on."""
        return f"${len(self.parameters) + number}"


ORDER_BY = {
    "created": "t.created, t.id",
    "newest": "t.created DESC, t.id DESC",
    "id": "t.id",
    "name": "t.name NULLS FIRST, t.id",
    "username": "t.username, t.id",
    "members": "s.member_status DESC, s.member_name, s.user_id",
    "threads": "t.thread_updated DESC, t.id DESC",
    "updated": "t.updated DESC, t.id",
}


def where(selection: Selection) -> Where:
    """The condition that a selection puts on its table."""
    match selection:
        case Everything(kind):
            return Where(table(kind), "true")
        case Having("messages", "rid", rid):
            return Where("messages", "t.rid = $1", (rid,), counting=COUNT_MESSAGES)
        case Having(kind, name, value):
            return Where(table(kind), f"t.{field(kind, name)} = $1", (value,))
        case IntegrationScope(targets, clauses):
            return _scope(targets, clauses)
        case Timeline():
            return _timeline(selection)
        case RoomsOf(user_id, types):
            source = "subscriptions s JOIN rooms t ON t.id = s.rid"
            return Where("rooms", "s.user_id = $1 AND t.type = ANY($2)", (user_id, types), source)
        case ChannelsFor(user_id):
            mine = "EXISTS (SELECT 1 FROM subscriptions s WHERE s.rid = t.id AND s.user_id = $1)"
            return Where("rooms", f"t.type = 'c' AND (t.team_id IS NULL OR {mine})", (user_id,))
        case MembersOf(rid):
            source = "subscriptions s JOIN users t ON t.id = s.user_id"
            return Where("users", "s.rid = $1 AND s.member_active", (rid,), source, COUNT_MEMBERS)
        case HoldersOf(rid, roles):
            holders = "SELECT user_id FROM room_roles WHERE rid = $1 AND role = ANY($2)"
            return Where("subscriptions", f"t.rid = $1 AND t.user_id IN ({holders})", (rid, roles))
        case UsersWith(role):
            return Where("users", "s.role = $1", (role,), "user_roles s JOIN users t ON t.id = s.user_id")
        case Reachable():
            return Where("users", "t.reachable")
        case Marked():
            return _marked(selection)
        case Thread(root):
            return Where("messages", "t.thread = $1 AND t.shown", (root,))


COUNT_SHOWN = "SELECT coalesce((SELECT messages FROM rooms WHERE id = $1), 0)"
COUNT_MESSAGES = f"{COUNT_SHOWN} + (SELECT count(*) FROM messages WHERE rid = $1 AND NOT shown)"
"""The room counts what is shown; what is hidden is little."""

COUNT_MEMBERS = (
    "SELECT coalesce((SELECT members FROM rooms WHERE id = $1), 0)"
    " - (SELECT count(*) FROM subscriptions s WHERE s.rid = $1 AND NOT s.member_active)"
)
"""Those who are not active are few, so this does not grow with the room."""


def _scope(
    targets: tuple[tuple[str, str], ...] | None, clauses: tuple[tuple[str | None, str | None], ...]
) -> Where:
    parameters: list[Any] = []
    conditions: list[str] = []
    if targets is not None:
        parameters += [[kind for kind, _ in targets], [target for _, target in targets]]
        conditions.append(f"t.id IN ({LINKED})")
    if (None, None) not in clauses:
        allowed = [_clause(*clause, parameters) for clause in clauses]
        conditions.append(f"({' OR '.join(allowed) or 'false'})")
    return Where("integrations", " AND ".join(conditions) or "true", tuple(parameters))


LINKED = (
    "SELECT l.integration FROM unnest($1::text[], $2::text[]) x (kind, target)"
    " JOIN links l ON l.kind = x.kind AND l.target = x.target"
)


def _clause(kind: str | None, creator: str | None, parameters: list[Any]) -> str:
    parts = []
    for column, value in (("type", kind), ("created_by", creator)):
        if value is not None:
            parameters.append(value)
            parts.append(f"t.{column} = ${len(parameters)}")
    return f"({' AND '.join(parts)})"


def _timeline(asked: Timeline) -> Where:
    parameters: list[Any] = [asked.rid]
    conditions = ["t.rid = $1", "t.shown"]
    if not asked.threads:
        conditions.append("t.in_room")
    equal = "=" if asked.inclusive else ""
    for moment, sign in ((asked.after, ">"), (asked.before, "<")):
        if moment is not None:
            parameters.append(moment)
            conditions.append(f"t.created {sign}{equal} ${len(parameters)}")
    counting = COUNT_SHOWN if asked == Timeline(asked.rid) else ""
    return Where("messages", " AND ".join(conditions), tuple(parameters), counting=counting)


MARKED_BY = {"starred": "stars", "mentions": "mentions"}


def _marked(asked: Marked) -> Where:
    if asked.how in MARKED_BY:
        source = f"{MARKED_BY[asked.how]} s JOIN messages t ON t.id = s.message"
        return Where("messages", "s.user_id = $1 AND s.rid = $2", (asked.user_id, asked.rid), source)
    if asked.how == "pinned":
        return Where("messages", "t.rid = $1 AND t.pinned AND t.shown", (asked.rid,))
    if asked.how == "roots":
        return Where("messages", "t.rid = $1 AND t.thread_updated IS NOT NULL AND t.shown", (asked.rid,))
    return Where("messages", "t.rid = $1 AND t.updated > $2 AND t.shown", (asked.rid, asked.after))


def page_sql(chosen: Where, order: str) -> str:
    """A page of wire texts, each with how many rows there are in all; two more parameters: limit and offset.

    A page that is not full tells how many there are by itself: then nothing is counted, and the total is NULL.
    """
    limit, offset = chosen.place(1), chosen.place(2)
    columns = "t.*" if chosen.table in SHOWN_TEXT else "t.text"
    rows = f"SELECT {columns} FROM {chosen.tables} WHERE {chosen.condition} ORDER BY {ORDER_BY[order]}"
    total = f"CASE WHEN (SELECT count(*) FROM page) = {limit} THEN ({count_sql(chosen)}) END"
    return (
        f"WITH page AS MATERIALIZED ({rows} LIMIT {limit} OFFSET {offset})"
        f" SELECT {shown_text(chosen.table)}, {total} FROM page t"
    )


def rows_sql(chosen: Where, order: str) -> str:
    """Whole rows of a selection; one more parameter: limit (None for all)."""
    return (
        f"SELECT {stored_columns(chosen.table)} FROM {chosen.tables} WHERE {chosen.condition}"
        f" ORDER BY {ORDER_BY[order]} LIMIT {chosen.place(1)}"
    )


def count_sql(chosen: Where) -> str:
    """How many rows a selection has."""
    return chosen.counting or f"SELECT count(*) FROM {chosen.tables} WHERE {chosen.condition}"


RECENT = 2_000
"""So many messages of a room are looked at one by one before the index is asked for all that hold the words."""

SEARCH_RECENT = (
    f"SELECT {stored_columns('messages')} FROM (SELECT * FROM messages m WHERE m.rid = $1"
    f" ORDER BY m.created DESC, m.id DESC LIMIT {RECENT}) t WHERE t.search @@ $2::text::tsquery"
    " ORDER BY t.created DESC, t.id DESC LIMIT $3 OFFSET $4"
)
SEARCH = (
    f"SELECT {stored_columns('messages')} FROM messages t WHERE t.search @@ $1::text::tsquery"
    " ORDER BY t.created DESC, t.id DESC LIMIT $2 OFFSET $3"
)
"""The query names the room too: what is looked at grows with what the room has, not with other rooms."""
