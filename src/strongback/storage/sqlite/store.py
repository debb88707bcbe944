"""The store on a SQLite file: writes through the writer, reads on the loop's own connection."""

import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, aclosing, closing
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from strongback.documents.document import Stored, decode_paths
from strongback.errors import Unavailable
from strongback.faults import reach
from strongback.storage.changes import Changes
from strongback.storage.contract import Access, Departure, Login, Page, Revisions, RoomView
from strongback.storage.deliveries import (
    Claims,
    Delivery,
    DeliveryPage,
    Old,
    Queue,
    State,
    StoredAnswer,
    StoredEvent,
    TriggerChanges,
    Wanted,
)
from strongback.storage.guards import Steady
from strongback.storage.kinds import KINDS
from strongback.storage.selections import Everything, Having, IntegrationScope, Selection
from strongback.storage.sqlite import deliveries, retention, statements
from strongback.storage.sqlite.connection import connect, unavailable
from strongback.storage.sqlite.guards import steady, table
from strongback.storage.sqlite.maintenance import backup, check
from strongback.storage.sqlite.owner import own
from strongback.storage.sqlite.reader import SLICE, WideReader
from strongback.storage.sqlite.schema import migrate
from strongback.storage.sqlite.selections import (
    Where,
    count_sql,
    page_sql,
    rows_sql,
    search,
    stored_columns,
    where,
)
from strongback.storage.sqlite.steps import apply
from strongback.storage.sqlite.writer import Work, Writer
from strongback.storage.steps import Link, PutDeliveries, PutReplay, SettleDelivery, Token

T = TypeVar("T")

OWING = (PutDeliveries, PutReplay)
"""The steps after which there is something to deliver."""

READ_WAIT_MS = 50
WRITE_WAIT_MS = 2_000
WIDE = 1_000
"""More rows than this are read off the loop."""


async def open_store(path: Path, *, writing: bool = True) -> "SQLiteStore":
    """Open a database file, made and migrated where needed.

    With `writing`, the process owns the file until the store is closed; without, the file must exist, and only
    reads work, beside a server that runs. Raises Unavailable with a sentence where the file can not be opened.
    """
    with ExitStack() as opened:
        try:
            owner = opened.enter_context(_owned(path)) if writing else None
            if not writing and not path.is_file():
                raise Unavailable(f"there is no database {path}")
            if writing:
                # Before SQLite opens it: the journal beside it takes over the mode.
                path.touch(0o600)
                path.chmod(0o600)
            connection = opened.enter_context(
                closing(connect(path, WRITE_WAIT_MS if writing else READ_WAIT_MS))
            )
            migrate(connection, writing=writing)
            if writing:
                connection.execute(
                    deliveries.RECLAIM_ALL
                )  # whoever was sending it is gone: one process owns the file
            reading = opened.enter_context(closing(connect(path, READ_WAIT_MS))) if writing else connection
        except sqlite3.Error as error:
            raise Unavailable(f"{path} can not be opened as a database: {error}") from error
        except OSError as error:
            raise Unavailable(f"{path} can not be opened: {error.strerror}") from error
        opened.pop_all()
    return SQLiteStore(path, reading, connection if writing else None, owner)


def _owned(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return own(path)


@lru_cache(maxsize=4096)
def role_set(text: str) -> frozenset[str]:
    """The roles in a column."""
    return frozenset(msgspec.json.decode(text))


class SQLiteStore:
    """A store on one file; see `strongback.storage.contract.Store` for what each method does."""

    def __init__(
        self,
        path: Path,
        reading: sqlite3.Connection,
        writing: sqlite3.Connection | None,
        owner: IO[str] | None,
    ) -> None:
        self.path = path
        self._reading = reading
        self._writer = Writer(writing) if writing is not None else None
        self._wide = WideReader(path)
        self._owner = owner
        self._next_claim = 0
        self._wakes: list[Callable[[], None]] = []

    @property
    def commits(self) -> int:
        """How many transactions the writer has committed."""
        return 0 if self._writer is None else self._writer.commits

    def writer_pragma(self, text: str) -> int:
        """Run a PRAGMA on the writer's connection, while no commit runs."""
        if self._writer is None:
            raise Unavailable("this process has opened the database for reading only")
        found: int = self._writer.connection.execute(f"PRAGMA {text}").fetchone()[0]
        return found

    async def commit(self, changes: Changes) -> None:
        await self._write(lambda connection: apply(connection, changes))
        if any(type(step) in OWING for step in changes.steps):
            reach("after-commit")
            self._wake()
        elif any(type(step) is SettleDelivery and step.state == "pending" for step in changes.steps):
            self._wake()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()

    async def _write(self, work: Work[T]) -> T:
        if self._writer is None:
            raise Unavailable("this process has opened the database for reading only")
        return await self._writer.run(work)

    def _one(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        try:
            return self._reading.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise unavailable(error) from error
        except UnicodeEncodeError:
            return None  # a lone surrogate: no stored text has one

    def _all(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        try:
            return self._reading.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error
        except UnicodeEncodeError:
            return []

    async def authenticate(self, user_id: str, token_hash: str) -> Login | None:
        found = self._one(statements.AUTHENTICATE, (user_id, token_hash))
        if found is None:
            return None
        username, roles, revision = found
        return Login(user_id, username, role_set(roles), revision)

    async def access(self) -> Access:
        rows = self._all(statements.ACCESS, ())
        found: dict[str, dict[str, Any]] = {"permissions": {}, "roles": {}, "settings": {}}
        revision = 0
        for kind, id, value in rows:
            if kind == "revision":
                revision = value
            else:
                found[kind][id] = msgspec.json.decode(value) if value is not None else None
        permissions = {id: frozenset(roles or ()) for id, roles in found["permissions"].items()}
        return Access(revision, permissions, found["roles"], found["settings"])

    async def get(self, kind: str, id: str) -> Stored | None:
        found = self._one(f"SELECT {stored_columns(kind)} FROM {table(kind)} t WHERE t.id = ?", (id,))
        return None if found is None else Stored(*found)

    async def revisions(self, *rows: tuple[str, str]) -> Revisions:
        sql = statements.revisions(tuple(table(kind) for kind, _ in rows))
        access, *found = self._one(sql, tuple(id for _, id in rows)) or (0, *(None for _ in rows))
        return Revisions(access, tuple(found))

    async def select(self, selection: Selection) -> list[Stored]:
        chosen = where(selection)
        return [Stored(*found) for found in self._all(rows_sql(chosen, "id"), (*chosen.parameters, -1))]

    async def page(self, selection: Selection, order: str, offset: int, count: int) -> Page:
        chosen = where(selection)
        sql = page_sql(chosen, order)
        limit = count or -1
        wide = _is_wide(selection) and (count == 0 or count > WIDE or offset > WIDE)
        if wide or not 0 < count <= WIDE:
            return await self._wide_page(chosen, sql, limit, offset, wide)
        texts = [text for (text,) in self._all(sql, (*chosen.parameters, limit, offset))]
        if len(texts) < count and (texts or offset == 0):
            return Page(texts, offset + len(texts))
        (total,) = self._one(count_sql(chosen), chosen.parameters) or (0,)
        return Page(texts, total)

    async def _wide_page(self, chosen: Where, sql: str, limit: int, offset: int, known_wide: bool) -> Page:
        if not known_wide:
            few = self._all(sql, (*chosen.parameters, WIDE + 1, offset))
            if len(few) <= WIDE and (few or offset == 0):
                return Page([text for (text,) in few], offset + len(few))

        def read(connection: sqlite3.Connection) -> Page:
            texts = [text for (text,) in connection.execute(sql, (*chosen.parameters, limit, offset))]
            (total,) = connection.execute(count_sql(chosen), chosen.parameters).fetchone()
            return Page(texts, total)

        return await self._wide.run(read)

    async def scan(self, selection: Selection, order: str) -> AsyncGenerator[list[Stored], None]:
        chosen = where(selection)
        sql = rows_sql(chosen, order)
        if not _is_wide(selection):
            few = self._all(sql, (*chosen.parameters, WIDE + 1))
            if len(few) <= WIDE:
                for start in range(0, len(few), SLICE):
                    yield [Stored(*found) for found in few[start : start + SLICE]]
                return
        async with aclosing(self._wide.slices(sql, (*chosen.parameters, -1))) as slices:
            async for rows in slices:
                yield [Stored(*found) for found in rows]

    async def steady(self, having: Having) -> Steady:
        try:
            count, newest = steady(self._reading, having.kind, having.field, having.value)
        except sqlite3.Error as error:
            raise unavailable(error) from error
        return Steady(having.kind, having.field, having.value, count, newest)

    async def room_by_id(self, rid: str, user_id: str) -> RoomView | None:
        return _room_view(self._one(statements.ROOM_BY_ID, (user_id, rid)))

    async def room_by_name(self, name: str, user_id: str) -> RoomView | None:
        return _room_view(self._one(statements.ROOM_BY_NAME, (user_id, name)))

    async def subscription(self, rid: str, user_id: str) -> Stored | None:
        found = self._one(statements.SUBSCRIPTION, (rid, user_id))
        return None if found is None else Stored(*found)

    async def search(self, rid: str, words: Sequence[str], offset: int, count: int) -> list[Stored]:
        if not words:
            return []
        return await self._wide.run(
            lambda connection: [Stored(*row) for row in search(connection, rid, words, offset, count)]
        )

    async def deleted(self, rid: str, since: int) -> list[tuple[str, int]]:
        return [(id, at) for id, at in self._all(statements.DELETED, (rid, since))]

    async def departures(self, user_id: str, since: int) -> list[Departure]:
        return [Departure(*found) for found in self._all(statements.DEPARTURES, (user_id, since))]

    async def user_by_name(self, username: str) -> Stored | None:
        found = self._all(statements.USERS_BY_NAME, (username, username.casefold()))
        exact = [user for name, *user in found if name == username]
        users = exact or [user for _, *user in found]
        return Stored(*users[0]) if len(users) == 1 else None

    async def user_by_email(self, address: str) -> Stored | None:
        found = self._one(statements.USER_BY_EMAIL, (address.lower(),))
        return None if found is None else Stored(*found)

    async def tokens(self, user_id: str) -> list[Token]:
        return [
            Token(user_id, hash, msgspec.json.decode(body), decode_paths(dates))
            for hash, body, dates in self._all(statements.TOKENS, (user_id,))
        ]

    async def token_owner(self, token_hash: str) -> str | None:
        found = self._one(statements.TOKEN_OWNER, (token_hash,))
        return None if found is None else found[0]

    async def integration_by_url(self, url: str) -> Stored | None:
        found = self._one(statements.INTEGRATION_BY_URL, (url,))
        return None if found is None else Stored(*found)

    async def links(self, integration_id: str) -> list[Link]:
        return [Link(*found) for found in self._all(statements.LINKS, (integration_id,))]

    async def triggers(self, since: int) -> TriggerChanges:
        revision = await self.trigger_revision()
        changed = [Stored(*found) for found in self._all(statements.CHANGED_TRIGGERS, (since,))]
        removed = [id for (id,) in self._all(statements.REMOVED_TRIGGERS, (since,))]
        return TriggerChanges(revision, [(one, await self.links(one.id)) for one in changed], removed)

    async def trigger_revision(self) -> int:
        revision: int = self._one(statements.TRIGGER_REVISION, ())[0]
        return revision

    async def event(self, id: str) -> StoredEvent | None:
        found = self._one(statements.EVENT_BY_ID, (id,))
        return None if found is None else StoredEvent(*found)

    async def delivery(self, id: str) -> Delivery | None:
        try:
            sequence = deliveries.find(self._reading, id)
        except sqlite3.Error as error:
            raise unavailable(error) from error
        found = self._one(statements.DELIVERY, (sequence,))
        return None if found is None else Delivery(*found)

    async def deliveries(
        self, integration_id: str, state: State | None, offset: int, count: int
    ) -> DeliveryPage:
        def read(connection: sqlite3.Connection) -> DeliveryPage:
            asked = (integration_id, state, count or -1, offset)
            found = [Delivery(*row) for row in connection.execute(statements.DELIVERIES, asked)]
            (total,) = connection.execute(statements.COUNT_DELIVERIES, asked[:2]).fetchone()
            return DeliveryPage(found, total)

        return await self._wide.run(read)

    async def last_replay(self, delivery_id: str) -> int:
        event, _, number = delivery_id.partition(".")
        replay: int = self._one(statements.LAST_REPLAY, (event, number))[0]
        return replay

    async def queue(self, integration_id: str) -> Queue:
        return Queue(*(self._one(statements.QUEUE, (integration_id,)) or ()))

    async def claim(self, worker: str, now: int, lease: int, wanted: Wanted) -> Claims:
        after = self._next_claim
        claims, self._next_claim = await self._write(
            lambda connection: deliveries.claim(connection, worker, now, lease, wanted, after)
        )
        return claims

    async def renew(self, worker: str, lease: int) -> None:
        await self._write(lambda connection: connection.execute(deliveries.RENEW, (lease, worker)))

    async def reclaim(self, now: int, worker: str | None = None) -> int:
        sql, value = (deliveries.RECLAIM_ENDED, now) if worker is None else (deliveries.RECLAIM_OWN, worker)
        return await self._write(lambda connection: connection.execute(sql, (value,)).rowcount)

    async def rebase(self, now: int) -> int:
        return await self._write(lambda connection: connection.execute(deliveries.REBASE, (now,)).rowcount)

    def on_deliveries(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    async def answered(self, integration_id: str, key: str, since: int) -> StoredAnswer | None:
        found = self._one(statements.ANSWERED, (integration_id, key, since))
        return None if found is None else StoredAnswer(*found)

    async def secret(self, integration_id: str) -> bytes | None:
        found = self._one(statements.SECRET, (integration_id,))
        return None if found is None else found[0]

    async def retire(self, old: Old) -> int:
        return await self._write(lambda connection: retention.retire(connection, old))

    async def counts(self) -> dict[str, int]:
        return await self._wide.run(
            lambda connection: {
                kind: connection.execute(count_sql(where(Everything(kind)))).fetchone()[0] for kind in KINDS
            }
        )

    async def owners(self, rid: str) -> list[str]:
        return [user_id for (user_id,) in self._all(statements.OWNERS, (rid,))]

    async def backup(self, path: Path) -> None:
        await self._wide.run(lambda connection: backup(connection, path))

    async def check(self) -> list[str]:
        return await self._wide.run(check)

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()
        self._wide.close()
        self._reading.close()
        if self._owner is not None:
            self._owner.close()


def _is_wide(selection: Selection) -> bool:
    return isinstance(selection, Everything) or (
        isinstance(selection, IntegrationScope) and selection.targets is None
    )


def _room_view(found: Any) -> RoomView | None:
    if found is None:
        return None
    id, name, type, archived, prid, team_id, roles = found
    return RoomView(
        id,
        name or "",
        type,
        bool(archived),
        prid,
        team_id,
        roles is not None,
        frozenset() if roles is None else role_set(roles),
    )
