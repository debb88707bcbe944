"""The store on a SQLite file: writes through the writer, reads on the loop's own connection."""

import sqlite3
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, aclosing, closing
from pathlib import Path
from typing import IO, Any

import msgspec

from strongback.documents.document import Stored, decode_paths
from strongback.errors import Unavailable
from strongback.storage.contract import Access, Departure, Login, Page, Revisions, RoomKey, RoomView
from strongback.storage.guards import Steady
from strongback.storage.kinds import KINDS
from strongback.storage.logins import login
from strongback.storage.selections import Everything, Having, IntegrationScope, Selection
from strongback.storage.sqlite import deliveries, statements
from strongback.storage.sqlite.connection import connect, unavailable
from strongback.storage.sqlite.guards import steady, table
from strongback.storage.sqlite.maintenance import backup, check
from strongback.storage.sqlite.outbox import Outbox
from strongback.storage.sqlite.owner import own
from strongback.storage.sqlite.reader import SLICE
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
from strongback.storage.steps import Token
from strongback.storage.views import room_view

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
                # Whoever was sending it is gone: one process owns the file.
                connection.execute(deliveries.RECLAIM_ALL)
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


class SQLiteStore(Outbox):
    """A store on one file; see `strongback.storage.contract.Store` for what each method does."""

    async def authenticate(
        self, user_id: str, token_hash: str, room: RoomKey | None = None, everywhere: str | None = None
    ) -> Login | None:
        if room is None or not _is_text(room.value):
            return login(user_id, self._all(statements.AUTHENTICATE, (user_id, token_hash)))
        sql = statements.AUTHENTICATE_AND_ROOM[room.by]
        return login(user_id, self._all(sql, (user_id, token_hash, room.value)))

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
        return room_view(self._one(statements.ROOM_BY_ID, (user_id, rid)))

    async def room_by_name(self, name: str, user_id: str) -> RoomView | None:
        return room_view(self._one(statements.ROOM_BY_NAME, (user_id, name)))

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


def _is_wide(selection: Selection) -> bool:
    return isinstance(selection, Everything) or (
        isinstance(selection, IntegrationScope) and selection.targets is None
    )


def _is_text(value: str) -> bool:
    """Whether a stored text can be this: none has a lone surrogate, which no statement takes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
