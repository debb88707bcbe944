"""The guards of a commit: the lock under which they stay true, and each as a condition in SQL."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from strongback.errors import Conflict
from strongback.storage.changes import Changes
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
from strongback.storage.postgres import deliveries
from strongback.storage.rows import COLUMNS
from strongback.storage.steps import (
    CountOutcome,
    MarkSeen,
    Put,
    PutDeliveries,
    PutEvent,
    PutHistory,
    PutKey,
    PutReplay,
    PutRequest,
    PutToken,
    Remove,
    RemoveToken,
    RemoveTokens,
    SettleDelivery,
    Step,
)

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

COMMITS = 7_236_105_401
"""The number of the lock that all commits take: shared by light ones, alone by the others."""

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

LIGHT = (
    PutEvent,
    PutDeliveries,
    PutReplay,
    PutRequest,
    SettleDelivery,
    CountOutcome,
    PutKey,
    PutHistory,
    PutToken,
    RemoveToken,
    RemoveTokens,
    MarkSeen,
)
"""Steps that break no guard of another light commit, but for those that lock what they look at."""

AT_ONCE = 16
"""Guards in one statement, so that few different statements are prepared."""

BY_FIELD = {kind: ("id", *fields) for kind, fields in FIELDS.items()}

Condition = tuple[str, tuple[Any, ...]]
"""An expression in SQL, and its parameters."""

Place = Callable[[int], str]
"""The placeholder of a condition's parameter, by its number from 1 on."""


def is_light(step: Step) -> bool:
    """Whether a step may run beside light steps of other commits."""
    return isinstance(step, LIGHT) or (isinstance(step, Put | Remove) and step.kind == "messages")


def begin(changes: Changes) -> str:
    """The statements that begin a commit: the transaction, and the locks under which its guards stay true.

    A commit with other than light steps is alone in the whole cluster, as every commit is on SQLite. Light ones run
    side by side: what one of them looks for, and another could add, has a lock of its own. Whatever a database has
    by default, the guards must see what was committed while the locks were waited for.
    """
    if not all(map(is_light, changes.steps)):
        return f"{BEGIN}; SELECT pg_advisory_xact_lock({COMMITS})"
    names = {name for one in (*changes.guards, *changes.steps) if (name := _name(one)) is not None}
    keys = sorted(
        int.from_bytes(hashlib.blake2b(n.encode(), digest_size=8).digest(), signed=True) for n in names
    )
    locks = "".join(f"; SELECT pg_advisory_xact_lock({key})" for key in keys)
    return f"{BEGIN}; SELECT pg_advisory_xact_lock_shared({COMMITS}){locks}"


def _name(one: Guard | Step) -> str | None:
    """What must not be added by another light commit while this one runs."""
    match one:
        case Absent("messages", name, value):
            return f"messages {name} {value!r}"
        case KeyFree(integration_id, key):
            return f"keys {integration_id!r} {key!r}"
        case TokenNameFree(user_id, name):
            return f"tokens {user_id!r} {name!r}"
        case PutToken(token, int()):
            return f"logins {token.user_id!r}"
    return None


async def check(connection: "Connection", guards: Sequence[Guard]) -> int:
    """Raise Conflict with the first guard that is not true now; answers the revision of this commit."""
    revision = 0
    for start in range(0, max(len(guards), 1), AT_ONCE):
        asked = guards[start : start + AT_ONCE]
        expressions, values = ["nextval('revisions')"], list[Any]()
        for guard in asked:
            expression, parameters = condition(guard, _numbered(len(values)))
            expressions.append(expression)
            values += parameters
        found = await connection.fetchrow(f"SELECT {', '.join(expressions)}", *values)
        assert found is not None
        revision = found[0]
        for guard, holds in zip(asked, found[1:], strict=True):
            if not holds:
                raise Conflict(guard)
    return revision


def _numbered(before: int) -> Place:
    return lambda number: f"${before + number}"


def condition(guard: Guard, at: Place) -> Condition:
    """What must be true for a guard to hold."""
    match guard:
        case Unchanged(kind, id, revision):
            lock = " FOR UPDATE" if kind == "messages" else ""
            return _exists(kind, f"id = {at(1)} AND revision = {at(2)}{lock}"), (id, revision)
        case Present(kind, id):
            return _exists(kind, f"id = {at(1)}"), (id,)
        case Absent(kind, name, value):
            return f"NOT {_exists(kind, f'{field(kind, name)} = {at(1)}')}", (value,)
        case Holds(kind, id, name, value):
            return _exists(kind, f"id = {at(1)} AND {field(kind, name)} = {at(2)}"), (id, value)
        case Member(rid, user_id):
            return _exists("subscriptions", f"rid = {at(1)} AND user_id = {at(2)}"), (rid, user_id)
        case AccessAt(revision):
            return f"(SELECT access FROM state) = {at(1)}", (revision,)
        case TriggersAt(revision):
            return f"(SELECT triggers FROM state) = {at(1)}", (revision,)
        case Steady(kind, name, value, count, newest):
            rows = f"SELECT count(*) = {at(1)} AND coalesce(max(revision), 0) = {at(2)} FROM {table(kind)}"
            return f"({rows} WHERE {field(kind, name)} = {at(3)})", (count, newest, value)
        case Held(delivery_id, worker):
            return deliveries.held(at, delivery_id, worker)
        case _:
            return _of_accounts(guard, at)


def _of_accounts(guard: Guard, at: Place) -> Condition:
    match guard:
        case AdminRemains(user_id):
            beside = f"r.role = 'admin' AND r.user_id <> {at(1)} AND u.active"
            return f"EXISTS (SELECT 1 FROM user_roles r JOIN users u ON u.id = r.user_id WHERE {beside})", (
                user_id,
            )
        case RoleUnused(role):
            held = [
                f"EXISTS (SELECT 1 FROM {name} WHERE role = {at(1)})" for name in ("user_roles", "room_roles")
            ]
            return f"NOT ({' OR '.join(held)})", (role,)
        case OwnerRemains(rid, user_id):
            owner = f"EXISTS (SELECT 1 FROM room_roles WHERE rid = {at(1)} AND role = 'owner' AND user_id"
            return f"(NOT {owner} = {at(2)}) OR {owner} <> {at(2)}))", (rid, user_id)
        case EmailFree(address, user_id):
            another = f"SELECT 1 FROM emails WHERE address = {at(1)} AND user_id <> {at(2)}"
            return f"NOT EXISTS ({another})", (address.lower(), user_id)
        case TokenNameFree(user_id, name):
            return f"NOT EXISTS (SELECT 1 FROM tokens WHERE user_id = {at(1)} AND name = {at(2)})", (
                user_id,
                name,
            )
        case KeyFree(integration_id, key, since):
            used = f"SELECT 1 FROM keys WHERE integration = {at(1)} AND key = {at(2)} AND created >= {at(3)}"
            return f"NOT EXISTS ({used})", (integration_id, key, since)
    raise TypeError(f"there is no guard {type(guard).__name__}")


def _exists(kind: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table(kind)} WHERE {condition})"


async def steady(connection: "Connection", kind: str, name: str, value: str) -> tuple[int, int]:
    """How many rows have this value, and their newest revision (0 if none)."""
    found = await connection.fetchrow(
        f"SELECT count(*), coalesce(max(revision), 0) FROM {table(kind)} WHERE {field(kind, name)} = $1",
        value,
    )
    assert found is not None
    return found[0], found[1]


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
