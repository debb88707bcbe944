"""Setting the same members in many documents: their texts are changed here, for SQL would reorder their members."""

from typing import TYPE_CHECKING

import msgspec

from strongback.storage.postgres.guards import field, table
from strongback.storage.rows import COUNTED, SETTABLE
from strongback.storage.steps import SetMembers

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

BATCH = 1_000


async def set_members(connection: "Connection", step: SetMembers, revision: int) -> None:
    """Set members of every document with a value in a field, a batch of documents at a time."""
    kind = table(step.kind)
    counted, settable = COUNTED.get(kind, ()), SETTABLE.get(kind, {})
    kept = {key: member for key, member in step.members.items() if key not in counted}
    columns = [settable[key] for key in step.members if key in settable]
    also = "".join(f", {column} = ${number}" for number, (column, _) in enumerate(columns, 4))
    put = (
        f"UPDATE {kind} t SET text = new.text, revision = $3{also}"
        " FROM unnest($1::text[], $2::text[]) new (id, text) WHERE t.id = new.id"
    )
    read = (
        f"SELECT id, text FROM {kind} WHERE {field(kind, step.field)} = $1 AND id > $2"
        f" ORDER BY id LIMIT {BATCH} FOR UPDATE"
    )
    last = ""
    while rows := await connection.fetch(read, step.value, last):
        texts = [msgspec.json.encode({**msgspec.json.decode(text), **kept}).decode() for _, text in rows]
        values = [follow(step.members) for _, follow in columns]
        await connection.execute(put, [id for id, _ in rows], texts, revision, *values)
        last = rows[-1][0]
