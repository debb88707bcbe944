"""What benchmarks/postgres.py fills its databases with: accounts and groups through the store, the rest by COPY."""

from collections.abc import Iterator
from typing import Any

from get_integrations import MANAGE, grant, integration, token_hash
from postgres_server import connected, settle

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.postgres.rows import COLUMNS
from strongback.storage.postgres.store import open_store
from strongback.storage.rows import ROW, row
from strongback.storage.steps import Put, PutToken, Step, Token

GROUPS = 100


async def fill(url: str, count: int) -> None:
    """So many integrations of 2 KB: ten in each of the groups, the others outside every group."""
    store = await open_store(url)
    await store.commit(Changes(steps=accounts()))
    await store.close()
    async with connected(url) as connection:
        for table, columns, records in (
            ("integrations", (*ROW, *COLUMNS["integrations"][0]), integrations(count)),
            ("links", ("integration", "position", "text", "kind", "target"), links(count)),
        ):
            await connection.copy_records_to_table(table, columns=columns, records=records)
    await settle(url)


def accounts() -> list[Step]:
    """As many users as groups, each with a token and in one group."""
    bypass = Document("api-bypass-rate-limit", {"_id": "api-bypass-rate-limit", "roles": ["bot"]})
    steps: list[Step] = [*map(grant, MANAGE), Put("permissions", bypass)]
    for n in range(GROUPS):
        user = {"_id": f"user{n}", "username": f"user{n}", "active": True, "roles": ["user", "bot"]}
        room = {"_id": f"room{n}", "name": f"group{n}", "t": "p"}
        member = {"_id": f"s{n}", "rid": f"room{n}", "u": {"_id": f"user{n}"}, "roles": []}
        hashed = token_hash(f"token{n}")
        steps += [
            Put("users", Document(f"user{n}", user)),
            PutToken(Token(f"user{n}", hashed, {"hashedToken": hashed})),
            Put("rooms", Document(f"room{n}", room)),
            Put("subscriptions", Document(f"s{n}", member)),
        ]
    return steps


def group_of(n: int) -> int | None:
    """The group of an integration; None for one outside every group."""
    return n // 10 if n < GROUPS * 10 else None


def integrations(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of the table of integrations."""
    for n in range(count):
        document = integration(n, group_of(n)).document
        yield *row("integrations", document, 1), *COLUMNS["integrations"][1](document)


def links(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of the table that says where an integration works."""
    for n in range(count):
        step = integration(n, group_of(n))
        for position, link in enumerate(step.links):
            yield step.document.id, position, link.text, link.kind, link.target
