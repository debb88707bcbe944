"""Selections and their orders, as SQL: every one with an index under it."""

from dataclasses import dataclass
from typing import Any

from strongback.storage.contract import Everything, Having, IntegrationScope, Selection, Timeline
from strongback.storage.sqlite.steps import field, table


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on a table, with its parameters."""

    table: str
    condition: str
    parameters: tuple[Any, ...]


ORDER_BY = {
    "created": "t.created, t.id",
    "newest": "t.created DESC, t.id DESC",
    "id": "t.id",
    "username": "t.username, t.id",
    "updated": "t.updated DESC, t.id",
}

COLUMNS = "t.id, t.revision, t.text, t.dates, t.hidden"


LAST_MESSAGE = (
    """SELECT ',"lm":' || (m.text -> '$.ts') || ',"lastMessage":' || m.text FROM messages m"""
    " WHERE m.rid = t.id AND m.last ORDER BY m.created DESC, m.id DESC LIMIT 1"
)

SHOWN_TEXT = {
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
        case Having(kind, name, value):
            return Where(table(kind), f"t.{field(kind, name)} = ?", (value,))
        case IntegrationScope(targets, clauses):
            return _scope(targets, clauses)
        case Timeline():
            return _timeline(selection)


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
    return Where("messages", " AND ".join(conditions), tuple(parameters))


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
        f"SELECT {shown_text(chosen.table)} FROM {chosen.table} t WHERE {chosen.condition}"
        f" ORDER BY {ORDER_BY[order]} LIMIT ? OFFSET ?"
    )


def rows_sql(chosen: Where, order: str) -> str:
    """Whole rows of a selection; one more parameter: limit (-1 for all)."""
    return (
        f"SELECT {stored_columns(chosen.table)} FROM {chosen.table} t WHERE {chosen.condition}"
        f" ORDER BY {ORDER_BY[order]} LIMIT ?"
    )


def count_sql(chosen: Where) -> str:
    """How many rows a selection has."""
    return f"SELECT count(*) FROM {chosen.table} t WHERE {chosen.condition}"
