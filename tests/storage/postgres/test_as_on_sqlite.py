"""The same commits give the same answers as on SQLite: texts byte for byte, orders, pages, totals."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from strongback.documents.document import Stored
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomKey, Store
from strongback.storage.kinds import FIELDS, KINDS
from strongback.storage.selections import (
    ChannelsFor,
    Everything,
    Having,
    HoldersOf,
    IntegrationScope,
    Marked,
    MembersOf,
    Reachable,
    RoomsOf,
    Selection,
    Thread,
    Timeline,
    UsersWith,
)
from tests.storage.postgres.world import NAMES, TYPES, world
from tests.stores import open_store

pytestmark = pytest.mark.anyio

ROUNDS = 2
ORDERS = {
    "users": ("created", "newest", "id", "username"),
    "rooms": ("created", "newest", "id", "name"),
    "subscriptions": ("created", "newest", "id"),
    "messages": ("created", "newest", "id", "updated"),
    "integrations": ("created", "newest", "id"),
    "history": ("id", "updated"),
}


def asked() -> Iterator[tuple[Selection, tuple[str, ...]]]:
    """Every selection, with the orders in which it may be read."""
    for kind in KINDS:
        yield Everything(kind), ORDERS.get(kind, ("id",))
        for name in FIELDS[kind]:
            for value in ("u1", "r1", "p", "m1", "i1", "yes", "u0,u1", "ann", "nothing"):
                yield Having(kind, name, value), ORDERS[kind]
    for targets in (None, (), (("room", "r1"),), (("room", "r1"), ("scope", "all"), ("user", "u1"))):
        for clauses in (((None, None),), (), ((None, "u1"), (TYPES[0], None)), ((TYPES[1], "u2"),)):
            yield IntegrationScope(targets, clauses), ORDERS["integrations"]
    for rid in ("r1", "r2", "r9"):
        yield from in_room(rid)
    for rid in ("r1", "r2"):
        yield MembersOf(rid), (*ORDERS["users"], "members")
    for id in ("u1", "u2", "u9"):
        yield ChannelsFor(id), ORDERS["rooms"]
        for types in (("c",), ("p", "d"), ()):
            yield RoomsOf(id, types), ORDERS["rooms"]
    for selection in (Reachable(), UsersWith("bot"), UsersWith("nobody")):
        yield selection, ORDERS["users"]
    yield Thread("m1"), ORDERS["messages"]


def in_room(rid: str) -> Iterator[tuple[Selection, tuple[str, ...]]]:
    orders = ORDERS["messages"]
    yield Timeline(rid), orders
    for after, before in ((None, 2_500), (1_000, None), (1_000, 4_000)):
        for flag in (False, True):
            yield Timeline(rid, after, before, inclusive=flag, threads=not flag), orders
    for roles in (("owner",), ("owner", "leader"), ()):
        yield HoldersOf(rid, roles), ORDERS["subscriptions"]
    yield Marked(rid, "pinned"), orders
    yield Marked(rid, "starred", "u1"), orders
    yield Marked(rid, "mentions", "u1"), orders
    yield Marked(rid, "roots"), (*orders, "threads")
    yield Marked(rid, "changed", after=2_500), orders


def said(rows: list[Stored]) -> list[tuple[str, str, str, str | None]]:
    """What a row says beside its revision, which counts otherwise here and there."""
    return [(row.id, row.text, row.dates, row.hidden) for row in rows]


@pytest.fixture(params=range(ROUNDS))
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Store]]:
    """The two stores, after the same commits."""
    steps = list(world(random.Random(request.param)))
    async with AsyncExitStack() as stack:
        opened = await open_store(tmp_path, "sqlite"), await open_store(tmp_path, "postgres")
        for store in opened:
            stack.push_async_callback(store.close)
            for start in range(0, len(steps), 20):
                await store.commit(Changes(steps=steps[start : start + 20]))
        yield opened


async def test_selections_are_read_alike(both: tuple[Store, Store]) -> None:
    sqlite, postgres = both
    filled = 0
    for selection, orders in asked():
        assert said(await postgres.select(selection)) == said(await sqlite.select(selection)), selection
        for order in orders:
            slices = [[row async for part in store.scan(selection, order) for row in part] for store in both]
            assert said(slices[1]) == said(slices[0]), (selection, order)
            for offset, count in ((0, 0), (0, 3), (2, 2), (1, 0), (0, 50), (500, 5)):
                page = await sqlite.page(selection, order, offset, count)
                assert await postgres.page(selection, order, offset, count) == page, (
                    selection,
                    order,
                    offset,
                )
                filled += len(page.texts) == count
    assert filled > 400


async def test_the_rest_is_read_alike(both: tuple[Store, Store]) -> None:
    answers = []
    for store in both:
        one: list[Any] = [await store.counts(), await store.access(), await store.check()]
        for n in range(len(NAMES) + 1):
            login = await store.authenticate(f"u{n}", f"hash-u{n}", RoomKey("id", f"r{n % 8}"))
            one += [
                login and (login.username, login.roles, login.room),
                await store.token_owner(f"hash-u{n}"),
            ]
            for rid in ("r1", "r2", "r9"):
                found = await store.subscription(rid, f"u{n}")
                one += [
                    found and said([found]),
                    await store.room_by_id(rid, f"u{n}"),
                    await store.owners(rid),
                ]
            one += [await store.tokens(f"u{n}"), [gone[:2] for gone in await store.departures(f"u{n}", 0)]]
        for name in (*NAMES, "ANN", "anN", "ZOE", "änn"):
            found = await store.user_by_name(name)
            one += [found and said([found]), await store.room_by_name(name, "u1")]
        for n in range(6):
            one += [[id for id, _ in await store.deleted(f"r{n}", 0)]]
            one += [found.id if (found := await store.user_by_email(f"U{n}@example.COM")) else None]
        found = await store.integration_by_url("http://a/")
        answers.append([*one, found and said([found])])
    assert answers[1] == answers[0]


async def test_words_are_found_alike(both: tuple[Store, Store]) -> None:
    hits = 0
    for rid in ("r1", "r2", "r3", "r9"):
        for words in (
            ["quick"],
            ["QUICK", "naive"],
            ["brown quick"],
            ["a-b"],
            ["it's"],
            ["狐"],
            ["\\"],
            ["a", "b"],
        ):
            found = [sorted(row.id for row in await store.search(rid, words, 0, 0)) for store in both]
            assert found[1] == found[0], words
            hits += len(found[0])
    assert hits > 40
