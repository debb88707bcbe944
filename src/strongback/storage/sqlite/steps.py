"""The steps of a commit, as SQL on one connection inside one transaction."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.documents.document import Document, encode_paths
from strongback.errors import Conflict
from strongback.storage.changes import Changes
from strongback.storage.kinds import ACCESS_KINDS
from strongback.storage.rows import (
    COLUMNS,
    COUNTED,
    KEPT,
    ROW,
    SETTABLE,
    addresses,
    date,
    marked,
    row,
    strings,
)
from strongback.storage.sqlite import deliveries
from strongback.storage.sqlite.guards import check, field, table
from strongback.storage.steps import (
    CountOutcome,
    MarkSeen,
    Put,
    PutDeliveries,
    PutEvent,
    PutHistory,
    PutIntegration,
    PutKey,
    PutReplay,
    PutRequest,
    PutSecret,
    PutToken,
    Remove,
    RemoveAll,
    RemoveToken,
    RemoveTokens,
    SetMembers,
    SettleDelivery,
    Step,
    Token,
)

_encode = msgspec.json.encode


def _put_sql(kind: str) -> str:
    names = (*ROW, *COLUMNS[kind][0])
    places = ", ".join("?" * len(names))
    if kind == "rooms":
        names = (*names, "members")
        places += ", (SELECT count(*) FROM subscriptions WHERE rid = ?1)"
    fixed = {"id", *KEPT.get(kind, ())}
    kept = ", ".join(f"{name} = excluded.{name}" for name in names if name not in fixed)
    return f"INSERT INTO {kind} ({', '.join(names)}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {kept}"


PUT = {kind: _put_sql(kind) for kind in COLUMNS}


def apply(connection: sqlite3.Connection, changes: Changes) -> None:
    """Check the guards and run the steps; raises Conflict, the caller undoes what was written."""
    revision = check(connection, changes.guards) + 1
    connection.execute("UPDATE sequence SET value = ?", (revision,))
    for step in changes.steps:
        try:
            run(connection, step, revision)
        except sqlite3.IntegrityError as error:
            raise Conflict(f"{error} ({type(step).__name__})") from None
    kinds = {getattr(step, "kind", None) for step in changes.steps}
    if not kinds.isdisjoint(ACCESS_KINDS):
        connection.execute("UPDATE sequence SET access = ?", (revision,))
    if "integrations" in kinds or any(type(step) is PutIntegration for step in changes.steps):
        connection.execute("UPDATE sequence SET triggers = ?", (revision,))


def run(connection: sqlite3.Connection, step: Step, revision: int) -> None:
    """Run one step."""
    match step:
        case Put(kind, document):
            put(connection, kind, document, revision)
        case PutIntegration(document, links):
            put(connection, "integrations", document, revision)
            connection.execute("DELETE FROM links WHERE integration = ?", (document.id,))
            connection.executemany(
                "INSERT INTO links VALUES (?, ?, ?, ?, ?)",
                [(document.id, n, link.text, link.kind, link.target) for n, link in enumerate(links)],
            )
        case Remove(kind, id):
            connection.execute(f"DELETE FROM {table(kind)} WHERE id = ?", (id,))
        case RemoveAll(kind, name, value):
            connection.execute(f"DELETE FROM {kind} WHERE {field(kind, name)} = ?", (value,))
            if (kind, name) == ("history", "integration_id"):
                connection.execute(REMOVE_COPIES, (value,))
        case MarkSeen(rid, user_id, at):
            connection.execute(MARK_SEEN, (at, int(step.alert), rid, user_id))
        case SetMembers(kind, name, value, members):
            set_members(connection, kind, name, value, members, revision)
        case PutHistory():
            put_history(connection, step, revision)
        case PutEvent():
            deliveries.put_event(connection, step)
        case PutDeliveries():
            deliveries.put_deliveries(connection, step)
        case PutReplay():
            deliveries.put_replay(connection, step)
        case PutRequest():
            deliveries.put_request(connection, step)
        case SettleDelivery():
            deliveries.settle_delivery(connection, step)
        case CountOutcome():
            deliveries.count_outcome(connection, step)
        case PutKey():
            deliveries.put_key(connection, step)
        case PutSecret(integration_id, None):
            connection.execute("DELETE FROM secrets WHERE integration = ?", (integration_id,))
        case PutSecret(integration_id, sealed):
            connection.execute("INSERT OR REPLACE INTO secrets VALUES (?, ?)", (integration_id, sealed))
        case PutToken(token, keep):
            put_token(connection, token, keep)
        case RemoveToken(user_id, hash):
            connection.execute("DELETE FROM tokens WHERE user_id = ? AND hash = ?", (user_id, hash))
        case RemoveTokens(user_id):
            connection.execute("DELETE FROM tokens WHERE user_id = ?", (user_id,))


def put(connection: sqlite3.Connection, kind: str, document: Document, revision: int) -> None:
    """Write a document and the rows that are derived from it."""
    connection.execute(PUT[kind], (*row(kind, document, revision), *COLUMNS[kind][1](document)))
    if kind == "users":
        replace(connection, "user_roles", "role", document.id, strings(document.body.get("roles")))
        replace(connection, "emails", "address", document.id, addresses(document))
    elif kind == "subscriptions":
        rid, user_id = document.body["rid"], document.body["u"]["_id"]
        connection.execute("DELETE FROM room_roles WHERE rid = ? AND user_id = ?", (rid, user_id))
        connection.executemany(
            "INSERT INTO room_roles VALUES (?, ?, ?)",
            [(rid, role, user_id) for role in strings(document.body.get("roles"))],
        )
    elif kind == "messages":
        put_marks(connection, document)
    elif kind == "integrations":
        connection.execute("DELETE FROM urls WHERE integration = ?", (document.id,))
        connection.executemany(
            "INSERT INTO urls VALUES (?, ?)",
            [(url, document.id) for url in strings(document.body.get("urls"))],
        )


MARK_SEEN = (
    "UPDATE subscriptions SET seen = ?, alert = ?, unread = 0, user_mentions = 0, group_mentions = 0"
    " WHERE rid = ? AND user_id = ?"
)


def set_members(
    connection: sqlite3.Connection,
    kind: str,
    name: str,
    value: str,
    members: Mapping[str, Any],
    revision: int,
) -> None:
    """Set members of many documents at once."""
    columns = [SETTABLE[kind][key] for key in members if key in SETTABLE.get(kind, ())]
    kept = {key: member for key, member in members.items() if key not in COUNTED.get(kind, ())}
    places = "".join(", ?, json(?)" for _ in kept)
    given = [part for key, member in kept.items() for part in (f'$."{key}"', _encode(member).decode())]
    also = "".join(f", {column} = ?" for column, _ in columns)
    connection.execute(
        f"UPDATE {table(kind)} SET text = json_set(text{places}), revision = ?{also} WHERE {field(kind, name)} = ?",
        (*given, revision, *(follow(members) for _, follow in columns), value),
    )


MARKS = {"mentions": "mentions", "stars": "starred"}
"""By table of marked messages, the member that lists the people."""


def put_marks(connection: sqlite3.Connection, document: Document) -> None:
    """Write whom a message mentions, and who has starred it."""
    for name, listed in MARKS.items():
        if document.revision:
            connection.execute(f"DELETE FROM {name} WHERE message = ?", (document.id,))
        if marks := marked(document, listed):
            connection.executemany(f"INSERT OR IGNORE INTO {name} VALUES (?, ?, ?, ?)", marks)


PUT_COPY = "INSERT OR IGNORE INTO copies VALUES (?, ?, ?)"
DATES_OF_COPY = (("integration", "_createdAt"), ("integration", "_updatedAt"))
REMOVE_COPIES = "DELETE FROM copies WHERE integration = ?"
PUT_RECORD = (
    "INSERT INTO history (id, revision, text, dates, hidden, updated, integration_id, copy) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, text = excluded.text, dates = excluded.dates,"
    " updated = excluded.updated, integration_id = excluded.integration_id, copy = excluded.copy"
)


def put_history(connection: sqlite3.Connection, step: PutHistory, revision: int) -> None:
    """Write the record of a call, and what it ran with unless that is there already."""
    id = step.integration_id
    connection.execute(PUT_COPY, (id, step.revision, step.integration))
    document = step.document
    body = {name: value for name, value in document.body.items() if name != "integration"}
    kept = Document(document.id, body, (*document.dates, *DATES_OF_COPY))
    columns = (*row("history", kept, revision), date(kept, "_updatedAt"), id, step.revision)
    connection.execute(PUT_RECORD, columns)


def replace(connection: sqlite3.Connection, name: str, column: str, user_id: str, values: list[str]) -> None:
    """Make these the only values of a user in a side table."""
    connection.execute(f"DELETE FROM {name} WHERE user_id = ?", (user_id,))
    connection.executemany(
        f"INSERT INTO {name} ({column}, user_id) VALUES (?, ?)",
        [(value, user_id) for value in values],
    )


def put_token(connection: sqlite3.Connection, token: Token, keep: int | None) -> None:
    """Write a token; beyond `keep` login tokens the oldest go."""
    body: dict[str, Any] = dict(token.body)
    connection.execute(
        "INSERT INTO tokens (user_id, hash, name, created, body, dates) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (user_id, hash) DO UPDATE SET"
        " name = excluded.name, created = excluded.created, body = excluded.body, dates = excluded.dates",
        (
            token.user_id,
            token.hash,
            token.name,
            token.created,
            msgspec.json.encode(body).decode(),
            encode_paths(token.dates),
        ),
    )
    if keep is not None:
        connection.execute(SURPLUS_TOKENS, (token.user_id, token.user_id, keep))


SURPLUS_TOKENS = (
    "DELETE FROM tokens WHERE user_id = ? AND hash IN (SELECT hash FROM tokens WHERE user_id = ?"
    " AND name IS NULL ORDER BY created DESC, hash LIMIT -1 OFFSET ?)"
)
