"""The store on PostgreSQL: hand-written SQL over two pools of connections."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from strongback.documents.document import Stored, decode_paths
from strongback.errors import Unavailable
from strongback.storage.contract import AHEAD, Access, Departure, Login, Page, Revisions, RoomKey, RoomView
from strongback.storage.guards import Steady
from strongback.storage.kinds import KINDS
from strongback.storage.login_failures import LoginFailures
from strongback.storage.logins import BEHIND_ROOM, login
from strongback.storage.postgres import login_failures, statements, tallies
from strongback.storage.postgres.connection import FAILURES, open_pool
from strongback.storage.postgres.connections import SLICE
from strongback.storage.postgres.guards import steady, table
from strongback.storage.postgres.maintenance import check
from strongback.storage.postgres.opening import check_server, check_whole, named, not_opened
from strongback.storage.postgres.outbox import Outbox
from strongback.storage.postgres.schema import migrate
from strongback.storage.postgres.selections import (
    RECENT,
    SEARCH,
    SEARCH_RECENT,
    count_sql,
    page_sql,
    rows_sql,
    where,
)
from strongback.storage.postgres.shown import stored_columns
from strongback.storage.postgres.wakes import listen
from strongback.storage.postgres.words import query
from strongback.storage.selections import Everything, Having, IntegrationScope, Selection
from strongback.storage.steps import Token
from strongback.storage.tallies import Tally
from strongback.storage.views import room_view

WIDE = 1_000
"""More rows than this are read in slices."""

_VALUES = {"permissions": "roles", "roles": "scope", "settings": "value"}
"""By kind, the member that `access` reads."""


async def open_store(url: str, *, writing: bool = True, connections: int = 20) -> "PostgresStore":
    """Open a database, migrated where needed; up to so many connections, and one more that listens.

    Without `writing` only reads work. Raises Unavailable with a sentence where the database can not be opened.
    """
    name = named(url)
    async with AsyncExitStack() as opened:
        try:
            commits = None
            many = max(1, connections * 2 // 5) if writing else 0
            reads = await open_pool(url, max(2, connections - many))
            opened.callback(reads.terminate)
            async with reads.acquire() as connection:
                await check_server(connection, name)
                await check_whole(connection, name)
                await migrate(connection, writing=writing)
            if writing:
                commits = await open_pool(url, many)
                opened.callback(commits.terminate)
        except FAILURES as error:
            raise not_opened(name, error) from error
        wakes = await listen(url) if writing else None
        opened.pop_all()
    return PostgresStore(reads, commits, wakes)


class PostgresStore(Outbox):
    """A store on one database; see `strongback.storage.contract.Store` for what each method does."""

    async def authenticate(
        self, user_id: str, token_hash: str, room: RoomKey | None = None, everywhere: str | None = None
    ) -> Login | None:
        if room is None or not _is_text(room.value):
            return login(user_id, await self._all(statements.AUTHENTICATE, user_id, token_hash))
        if everywhere is None:
            sql = statements.AUTHENTICATE_AND_ROOM[room.by]
            return login(user_id, await self._all(sql, user_id, token_hash, room.value))
        sql = statements.AUTHENTICATE_AND_REACHING[room.by]
        rows = await self._all(sql, user_id, token_hash, room.value, everywhere)
        return login(user_id, rows, _reaching(rows))

    async def access(self) -> Access:
        found: dict[str, dict[str, Any]] = {kind: {} for kind in _VALUES}
        revision = 0
        for kind, id, text in await self._all(statements.ACCESS):
            if kind == "revision":
                revision = int(text)
            else:
                found[kind][id] = msgspec.json.decode(text).get(_VALUES[kind])
        permissions = {id: frozenset(roles or ()) for id, roles in found["permissions"].items()}
        return Access(revision, permissions, found["roles"], found["settings"])

    async def get(self, kind: str, id: str) -> Stored | None:
        return await self._stored(f"SELECT {stored_columns(kind)} FROM {table(kind)} t WHERE t.id = $1", id)

    async def revisions(self, *rows: tuple[str, str]) -> Revisions:
        sql = statements.revisions(tuple(table(kind) for kind, _ in rows))
        found = await self._one(sql, *(id for _, id in rows))
        return Revisions(0, (None,) * len(rows)) if found is None else Revisions(found[0], tuple(found)[1:])

    async def select(self, selection: Selection) -> list[Stored]:
        chosen = where(selection)
        return [Stored(*row) for row in await self._all(rows_sql(chosen, "id"), *chosen.parameters, None)]

    async def page(self, selection: Selection, order: str, offset: int, count: int) -> Page:
        chosen = where(selection)
        rows = await self._all(page_sql(chosen, order), *chosen.parameters, count or None, offset)
        texts = [text for text, _ in rows]
        if not texts and offset:
            found = await self._one(count_sql(chosen), *chosen.parameters)
            return Page([], found[0] if found is not None else 0)
        total = rows[0][1] if rows else None
        return Page(texts, offset + len(texts) if total is None else total)

    async def scan(self, selection: Selection, order: str) -> AsyncGenerator[list[Stored], None]:
        chosen = where(selection)
        sql = rows_sql(chosen, order)
        if not _is_wide(selection):
            few = await self._all(sql, *chosen.parameters, WIDE + 1)
            if len(few) <= WIDE:
                for start in range(0, len(few), SLICE):
                    yield [Stored(*found) for found in few[start : start + SLICE]]
                return
        async with aclosing(self._slices(sql, *chosen.parameters, None)) as slices:
            async for rows in slices:
                yield [Stored(*found) for found in rows]

    async def steady(self, having: Having) -> Steady:
        async with self._reading() as connection:
            count, newest = await steady(connection, having.kind, having.field, having.value)
        return Steady(having.kind, having.field, having.value, count, newest)

    async def room_by_id(self, rid: str, user_id: str) -> RoomView | None:
        return await self._room(statements.ROOM_BY_ID, user_id, rid)

    async def room_by_name(self, name: str, user_id: str) -> RoomView | None:
        return await self._room(statements.ROOM_BY_NAME, user_id, name)

    async def subscription(self, rid: str, user_id: str) -> Stored | None:
        return await self._stored(statements.SUBSCRIPTION, rid, user_id)

    async def search(self, rid: str, words: Sequence[str], offset: int, count: int) -> list[Stored]:
        asked = query(rid, words) if words else None
        if asked is None:
            return []
        if (
            0 < count <= RECENT
        ):  # a page of what many hold is soon found; of what few hold there is little to order
            recent = await self._all(SEARCH_RECENT, rid, asked, count, offset)
            if len(recent) == count:
                return [Stored(*row) for row in recent]
        return [Stored(*row) for row in await self._all(SEARCH, asked, count or None, offset)]

    async def deleted(self, rid: str, since: int) -> list[tuple[str, int]]:
        return [(id, at) for id, at in await self._all(statements.DELETED, rid, since)]

    async def departures(self, user_id: str, since: int) -> list[Departure]:
        return [Departure(*found) for found in await self._all(statements.DEPARTURES, user_id, since)]

    async def user_by_name(self, username: str) -> Stored | None:
        found = await self._all(statements.USERS_BY_NAME, username, username.casefold())
        exact = [user for name, *user in found if name == username]
        users = exact or [user for _, *user in found]
        return Stored(*users[0]) if len(users) == 1 else None

    async def user_by_email(self, address: str) -> Stored | None:
        return await self._stored(statements.USER_BY_EMAIL, address.lower())

    async def tokens(self, user_id: str) -> list[Token]:
        return [
            Token(user_id, hash, msgspec.json.decode(body), decode_paths(dates))
            for hash, body, dates in await self._all(statements.TOKENS, user_id)
        ]

    async def token_owner(self, token_hash: str) -> str | None:
        found = await self._one(statements.TOKEN_OWNER, token_hash)
        return None if found is None else found[0]

    async def integration_by_url(self, url: str) -> Stored | None:
        return await self._stored(statements.INTEGRATION_BY_URL, url)

    async def counts(self) -> dict[str, int]:
        found = await self._one(statements.COUNTS)
        return dict(zip(KINDS, found or (), strict=True))

    async def owners(self, rid: str) -> list[str]:
        return [user_id for (user_id,) in await self._all(statements.OWNERS, rid)]

    async def backup(self, path: Path) -> None:
        raise Unavailable(
            f"{path} was not written: a PostgreSQL database is backed up by its own program, pg_dump;"
            " see docs/operations.md"
        )

    async def check(self) -> list[str]:
        async with self._reading() as connection:
            return await check(connection)

    async def share(self, now: int, counted: Sequence[Tally]) -> list[Tally]:
        """Add calls that this node counted to what all nodes counted; the totals, and when their windows end."""
        return await self._write(lambda connection: tallies.share(connection, now, counted))

    async def remove_ended(self, now: int) -> int:
        """Remove some counts that mean nothing any more; answers how many, 0 once none is left."""
        ended = await self._write(lambda connection: tallies.remove_ended(connection, now))
        return ended + await self._write(lambda connection: login_failures.remove_old(connection, now))

    async def login_failures(self, keys: Sequence[str]) -> dict[str, LoginFailures]:
        found = await self._all(login_failures.FAILURES, keys)
        return {key: LoginFailures(count, last) for key, count, last in found}

    async def count_login_failure(self, keys: Sequence[str], now: int) -> dict[str, LoginFailures]:
        return await self._write(lambda connection: login_failures.count(connection, keys, now))

    async def forget_login_failures(self, keys: Sequence[str]) -> None:
        await self._write(lambda connection: connection.execute(login_failures.FORGET, keys))

    async def _stored(self, sql: str, *parameters: Any) -> Stored | None:
        found = await self._one(sql, *parameters)
        return None if found is None else Stored(*found)

    async def _room(self, sql: str, *parameters: Any) -> RoomView | None:
        found = await self._one(sql, *parameters)
        return None if found is None else room_view(tuple(found))


def _reaching(rows: Sequence[asyncpg.Record]) -> tuple[str, ...] | None:
    """The integrations in the rows of a login; None where these are too many, or one too long to be read with it."""
    if len(rows) > AHEAD:
        return None
    texts = dict.fromkeys(row[BEHIND_ROOM] for row in rows)  # one may be linked twice
    return None if statements.LONG in texts else tuple(text for text in texts if text is not None)


def _is_wide(selection: Selection) -> bool:
    return isinstance(selection, Everything) or (
        isinstance(selection, IntegrationScope) and selection.targets is None
    )


def _is_text(value: str) -> bool:
    """Whether a stored text can be this: none has a NUL or a lone surrogate, which no statement takes."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False
