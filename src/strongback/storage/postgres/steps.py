"""The steps of a commit, as SQL on one connection inside one transaction."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from strongback.documents.document import Document, encode_paths
from strongback.storage.kinds import ACCESS_KINDS
from strongback.storage.postgres import deliveries
from strongback.storage.postgres.guards import field, table
from strongback.storage.postgres.members import set_members
from strongback.storage.postgres.rows import COLUMNS
from strongback.storage.rows import KEPT, ROW, addresses, date, marked, row, strings
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

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection


def _put_sql(kind: str) -> str:
    names = (*ROW, *COLUMNS[kind][0])
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    if kind == "rooms":
        names = (*names, "members")
        places += ", (SELECT count(*) FROM subscriptions WHERE rid = $1)"
    fixed = {"id", *KEPT.get(kind, ())}
    kept = ", ".join(f"{name} = excluded.{name}" for name in names if name not in fixed)
    return f"INSERT INTO {kind} ({', '.join(names)}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {kept}"


PUT = {kind: _put_sql(kind) for kind in COLUMNS}

RAISE_ACCESS = (
    "WITH told AS (SELECT pg_notify('strongback', 'access')) UPDATE state SET access = $1 FROM told"
)
RAISE_TRIGGERS = "UPDATE state SET triggers = $1"


async def apply(connection: "Connection", steps: Sequence[Step], revision: int) -> None:
    """Run the steps in order; documents of one kind that follow each other go together."""
    for (_, kind), group in groupby(steps, key=lambda step: (type(step), getattr(step, "kind", None))):
        together = list(group)
        if isinstance(together[0], Put):
            assert kind is not None
            await put_all(
                connection, kind, [step.document for step in together if isinstance(step, Put)], revision
            )
            continue
        for step in together:
            await run(connection, step, revision)
    kinds = {getattr(step, "kind", None) for step in steps}
    if not kinds.isdisjoint(ACCESS_KINDS):
        await connection.execute(RAISE_ACCESS, revision)
    if "integrations" in kinds or any(isinstance(step, PutIntegration) for step in steps):
        await connection.execute(RAISE_TRIGGERS, revision)


async def run(connection: "Connection", step: Step, revision: int) -> None:
    """Run one step."""
    match step:
        case PutIntegration(document, links):
            await put_all(connection, "integrations", [document], revision)
            await connection.execute("DELETE FROM links WHERE integration = $1", document.id)
            rows = [(document.id, n, link.text, link.kind, link.target) for n, link in enumerate(links)]
            await connection.executemany("INSERT INTO links VALUES ($1, $2, $3, $4, $5)", rows)
        case Remove(kind, id):
            await connection.execute(f"DELETE FROM {table(kind)} WHERE id = $1", id)
        case RemoveAll(kind, name, value):
            await remove_all(connection, kind, name, value)
        case MarkSeen(rid, user_id, at):
            await connection.execute(MARK_SEEN, at, int(step.alert), rid, user_id)
        case SetMembers():
            await set_members(connection, step, revision)
        case PutHistory():
            await put_history(connection, step, revision)
        case PutToken(token, keep):
            await put_token(connection, token, keep)
        case RemoveToken(user_id, hash):
            await connection.execute("DELETE FROM tokens WHERE user_id = $1 AND hash = $2", user_id, hash)
        case RemoveTokens(user_id):
            await connection.execute("DELETE FROM tokens WHERE user_id = $1", user_id)
        case PutSecret(integration_id, None):
            await connection.execute("DELETE FROM secrets WHERE integration = $1", integration_id)
        case PutSecret(integration_id, sealed):
            await connection.execute(PUT_SECRET, integration_id, sealed)
        case _:
            await _of_the_outbox(connection, step)


A_STATEMENT = 1_000
"""So many rows go at once: however many there are, no statement takes longer than a statement may."""


async def remove_all(connection: "Connection", kind: str, name: str, value: str) -> None:
    """Remove every row with a value in a field."""
    some = f"SELECT id FROM {table(kind)} WHERE {field(kind, name)} = $1 LIMIT {A_STATEMENT}"
    while await connection.execute(f"DELETE FROM {kind} WHERE id IN ({some})", value) != "DELETE 0":
        pass
    if (kind, name) == ("history", "integration_id"):
        await connection.execute("DELETE FROM copies WHERE integration = $1", value)


async def _of_the_outbox(connection: "Connection", step: Step) -> None:
    match step:
        case PutEvent():
            await deliveries.put_event(connection, step)
        case PutDeliveries():
            await deliveries.put_deliveries(connection, step)
        case PutReplay():
            await deliveries.put_replay(connection, step)
        case PutRequest():
            await deliveries.put_request(connection, step)
        case SettleDelivery():
            await deliveries.settle_delivery(connection, step)
        case CountOutcome():
            await deliveries.count_outcome(connection, step)
        case PutKey():
            await deliveries.put_key(connection, step)
        case _:
            raise TypeError(f"there is no step {type(step).__name__}")


MARK_SEEN = (
    "UPDATE subscriptions SET seen = $1, alert = $2, unread = 0, user_mentions = 0, group_mentions = 0"
    " WHERE rid = $3 AND user_id = $4"
)
PUT_SECRET = (
    "INSERT INTO secrets VALUES ($1, $2) ON CONFLICT (integration) DO UPDATE SET sealed = excluded.sealed"
)


async def put_all(connection: "Connection", kind: str, documents: Sequence[Document], revision: int) -> None:
    """Write documents of a kind, and the rows that are derived from them."""
    columns = COLUMNS[kind][1]
    rows = [(*row(kind, document, revision), *columns(document)) for document in documents]
    await _each(connection, PUT[kind], rows)
    if kind == "users":
        for name, column in (("user_roles", "role"), ("emails", "address")):
            values = {
                one.id: strings(one.body.get("roles")) if column == "role" else addresses(one)
                for one in documents
            }
            await connection.execute(f"DELETE FROM {name} WHERE user_id = ANY($1)", list(values))
            pairs = [(value, id) for id, found in values.items() for value in found]
            await _findable(connection, f"INSERT INTO {name} ({column}, user_id) VALUES ($1, $2)", pairs)
    elif kind == "subscriptions":
        await _each(connection, REMOVE_ROLES, [(one.body["rid"], one.body["u"]["_id"]) for one in documents])
        roles = [
            (one.body["rid"], role, one.body["u"]["_id"])
            for one in documents
            for role in strings(one.body.get("roles"))
        ]
        await _findable(connection, PUT_ROLE, roles)
    elif kind == "messages":
        await put_marks(connection, documents)
    elif kind == "integrations":
        await connection.execute(
            "DELETE FROM urls WHERE integration = ANY($1)", [one.id for one in documents]
        )
        urls = [(url, one.id) for one in documents for url in strings(one.body.get("urls"))]
        await _findable(connection, "INSERT INTO urls VALUES ($1, $2)", urls)


REMOVE_ROLES = "DELETE FROM room_roles WHERE rid = $1 AND user_id = $2"
PUT_ROLE = "INSERT INTO room_roles VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"


async def _findable(connection: "Connection", sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write what documents are found by; nothing is asked for by a text with NUL, which could not be stored either."""
    await _each(connection, sql, [row for row in rows if not any("\0" in str(value) for value in row)])


async def _each(connection: "Connection", sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement for every row; one row alone needs fewer messages on the wire."""
    if len(rows) == 1:
        await connection.execute(sql, *rows[0])
    elif rows:
        await connection.executemany(sql, rows)


MARKS = {"mentions": "mentions", "stars": "starred"}
"""By table of marked messages, the member that lists the people."""


async def put_marks(connection: "Connection", documents: Sequence[Document]) -> None:
    """Write whom messages mention, and who has starred them."""
    known = [document.id for document in documents if document.revision]
    for name, listed in MARKS.items():
        if known:
            await connection.execute(f"DELETE FROM {name} WHERE message = ANY($1)", known)
        marks = [mark for document in documents for mark in marked(document, listed)]
        await _findable(
            connection, f"INSERT INTO {name} VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", marks
        )


PUT_COPY = "INSERT INTO copies VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
DATES_OF_COPY = (("integration", "_createdAt"), ("integration", "_updatedAt"))
PUT_RECORD = (
    "INSERT INTO history (id, revision, text, dates, hidden, updated, integration_id, copy)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, text = excluded.text, dates = excluded.dates,"
    " updated = excluded.updated, integration_id = excluded.integration_id, copy = excluded.copy"
)


async def put_history(connection: "Connection", step: PutHistory, revision: int) -> None:
    """Write the record of a call, and what it ran with unless that is there already."""
    id = step.integration_id
    await connection.execute(PUT_COPY, id, step.revision, step.integration)
    body = {name: value for name, value in step.document.body.items() if name != "integration"}
    kept = Document(step.document.id, body, (*step.document.dates, *DATES_OF_COPY))
    columns = (*row("history", kept, revision), date(kept, "_updatedAt"), id, step.revision)
    await connection.execute(PUT_RECORD, *columns)


PUT_TOKEN = (
    "INSERT INTO tokens (user_id, hash, name, created, body, dates) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (user_id, hash) DO UPDATE SET"
    " name = excluded.name, created = excluded.created, body = excluded.body, dates = excluded.dates"
)
SURPLUS_TOKENS = (
    "DELETE FROM tokens WHERE user_id = $1 AND hash IN (SELECT hash FROM tokens WHERE user_id = $1"
    " AND name IS NULL ORDER BY created DESC, hash OFFSET $2)"
)


async def put_token(connection: "Connection", token: Token, keep: int | None) -> None:
    """Write a token; beyond `keep` login tokens the oldest go."""
    body = msgspec.json.encode(dict(token.body)).decode()
    columns = (token.user_id, token.hash, token.name, token.created, body, encode_paths(token.dates))
    await connection.execute(PUT_TOKEN, *columns)
    if keep is not None:
        await connection.execute(SURPLUS_TOKENS, token.user_id, keep)
