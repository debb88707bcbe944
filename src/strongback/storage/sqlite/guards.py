"""The guards of a commit: each is a condition in SQL, and one statement asks for many of them."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from strongback.errors import Conflict
from strongback.storage.guards import (
    Absent,
    AccessAt,
    AdminRemains,
    EmailFree,
    Guard,
    Held,
    Holds,
    KeyFree,
    Member,
    OwnerRemains,
    Present,
    RoleUnused,
    Steady,
    TokenNameFree,
    TriggersAt,
    Unchanged,
)
from strongback.storage.kinds import FIELDS
from strongback.storage.rows import COLUMNS
from strongback.storage.sqlite import deliveries

AT_ONCE = 16
"""Guards in one statement. Each statement lets go of the interpreter, which costs more than its search."""

ADMIN_BESIDE = (
    "SELECT 1 FROM user_roles r JOIN users u ON u.id = r.user_id"
    " WHERE r.role = 'admin' AND r.user_id <> ? AND u.active"
)
_OWNER = "EXISTS (SELECT 1 FROM room_roles WHERE rid = ? AND role = 'owner' AND user_id"
BY_FIELD = {kind: ("id", *fields) for kind, fields in FIELDS.items()}

Condition = tuple[str, tuple[Any, ...]]
"""An expression in SQL, and its parameters."""


def check(connection: sqlite3.Connection, guards: Sequence[Guard]) -> int:
    """Raise Conflict with the first guard that is not true now; answers the revision of the last commit."""
    revision = 0
    for start in range(0, max(len(guards), 1), AT_ONCE):
        asked = guards[start : start + AT_ONCE]
        conditions = [condition(connection, guard) for guard in asked]
        expressions = ", ".join([expression for expression, _ in conditions] + ["value"])
        values = [value for _, parameters in conditions for value in parameters]
        *found, revision = connection.execute(f"SELECT {expressions} FROM sequence", values).fetchone()
        for guard, holds in zip(asked, found, strict=True):
            if not holds:
                raise Conflict(guard)
    return revision


def condition(connection: sqlite3.Connection, guard: Guard) -> Condition:
    """What must be true for a guard to hold."""
    match guard:
        case Unchanged(kind, id, revision):
            return f"EXISTS (SELECT 1 FROM {table(kind)} WHERE id = ? AND revision = ?)", (id, revision)
        case Present(kind, id):
            return f"EXISTS (SELECT 1 FROM {table(kind)} WHERE id = ?)", (id,)
        case Absent(kind, name, value):
            return f"NOT EXISTS (SELECT 1 FROM {table(kind)} WHERE {field(kind, name)} = ?)", (value,)
        case Holds(kind, id, name, value):
            return f"EXISTS (SELECT 1 FROM {table(kind)} WHERE id = ? AND {field(kind, name)} = ?)", (
                id,
                value,
            )
        case Member(rid, user_id):
            return "EXISTS (SELECT 1 FROM subscriptions WHERE rid = ? AND user_id = ?)", (rid, user_id)
        case AccessAt(revision):
            return "access = ?", (revision,)
        case TriggersAt(revision):
            return "triggers = ?", (revision,)
        case KeyFree(integration_id, key, since):
            used = "SELECT 1 FROM keys WHERE integration = ? AND key = ? AND created >= ?"
            return f"NOT EXISTS ({used})", (integration_id, key, since)
        case Steady(kind, name, value, count, newest):
            rows = f"SELECT count(*) = ? AND coalesce(max(revision), 0) = ? FROM {table(kind)}"
            return f"({rows} WHERE {field(kind, name)} = ?)", (count, newest, value)
        case AdminRemains(user_id):
            return f"EXISTS ({ADMIN_BESIDE})", (user_id,)
        case RoleUnused(role):
            held = [f"EXISTS (SELECT 1 FROM {name} WHERE role = ?)" for name in ("user_roles", "room_roles")]
            return f"NOT ({' OR '.join(held)})", (role, role)
        case OwnerRemains(rid, user_id):
            return f"(NOT {_OWNER} = ?) OR {_OWNER} <> ?))", (rid, user_id, rid, user_id)
        case EmailFree(address, user_id):
            another = "SELECT 1 FROM emails WHERE address = ? AND user_id <> ?"
            return f"NOT EXISTS ({another})", (address.lower(), user_id)
        case TokenNameFree(user_id, name):
            return "NOT EXISTS (SELECT 1 FROM tokens WHERE user_id = ? AND name = ?)", (user_id, name)
        case Held(delivery_id, worker):
            return "?", (deliveries.held(connection, delivery_id, worker),)


def steady(connection: sqlite3.Connection, kind: str, name: str, value: str) -> tuple[int, int]:
    """How many rows have this value, and their newest revision (0 if none)."""
    found: tuple[int, int] = connection.execute(
        f"SELECT count(*), coalesce(max(revision), 0) FROM {kind} WHERE {field(kind, name)} = ?",
        (value,),
    ).fetchone()
    return found


def table(kind: str) -> str:
    """The table of a kind; ValueError for anything else."""
    if kind not in COLUMNS:
        raise ValueError(f"there is no kind {kind!r}, only {', '.join(COLUMNS)}")
    return kind


def field(kind: str, name: str) -> str:
    """The column of a field that guards and removals may name; ValueError for another."""
    if name not in BY_FIELD[kind]:
        raise ValueError(f"{kind} has no indexed field {name!r}, only {', '.join(BY_FIELD[kind])}")
    return name
