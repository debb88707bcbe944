"""The same commits give the same answers as on SQLite: texts byte for byte, orders, pages, totals."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from strongback.documents.document import Document, Stored
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
from strongback.storage.steps import Link, MarkSeen, Put, PutHistory, PutIntegration, PutToken, Remove, Step
from tests.storage_contract.conftest import login_token
from tests.stores import open_store

pytestmark = pytest.mark.anyio

ROUNDS = 2
NAMES = [
    "aNN",
    "ANn",
    "ann",
    "Ann",
    "ÄNN",
    "zoe",
    "Zoe",
    "a-b",
    "a b",
    "ab",
    "a_b",
    "\U0001f600",
    "\uffee",
    "0",
]
TYPES = ["webhook-incoming", "webhook-outgoing"]
WORDS = ["quick", "Quick", "brown", "naïve", "naive", "a-b", "a b", "it's", "\\", "狐", "🦊"]
ORDERS = {
    "users": ("created", "newest", "id", "username"),
    "rooms": ("created", "newest", "id", "name"),
    "subscriptions": ("created", "newest", "id"),
    "messages": ("created", "newest", "id", "updated"),
    "integrations": ("created", "newest", "id"),
    "history": ("id", "updated"),
}


def dated(put: Put, **dates: int) -> Put:
    for name, at in dates.items():
        put.document.set_date(name, at)
    return put


def put(kind: str, id: str, **members: Any) -> Put:
    """A step that puts a document; members that are None are left out."""
    given = {name: value for name, value in members.items() if value is not None}
    return Put(kind, Document(id, {"_id": id, **given}))


def world(chance: random.Random) -> Iterator[Step]:
    """People in rooms who write, read and leave."""
    some, when = chance.choice, partial(chance.randrange, 5_000)
    people = [f"u{n}" for n in range(len(NAMES))]
    for id, name in zip(people, NAMES, strict=True):
        status, active = some([None, "online", "away", "offline"]), some([True, True, False])
        roles = chance.sample(["user", "admin", "bot"], 2)
        shown = {"status": status, "statusConnection": status, "active": active, "roles": roles}
        yield dated(
            put("users", id, username=name, emails=[{"address": f"{id}@Example.com"}], **shown),
            createdAt=when(),
        )
        yield PutToken(login_token(id, f"hash-{id}"))
    rooms = [f"r{n}" for n in range(8)]
    for id, named in zip(rooms, [None, None, *NAMES[2:6], *NAMES[10:12]], strict=True):
        team = some([None, None, "t1"])
        yield dated(put("rooms", id, name=named, t=some("ccpd"), teamId=team, uids=["u1", "u0"]), ts=when())
    for rid in rooms:
        for id in chance.sample(people, 5):
            yield member(chance, rid, id)
    for n in range(150):
        yield message(chance, f"m{n}", some(rooms), some(people))
    for _ in range(15):
        yield MarkSeen(some(rooms), some(people), when(), alert=some([True, False]))
    yield put("rooms", "r8", t="p")
    yield put("messages", "m150", rid="r8", u={"_id": "u1"}, msg="without a date")
    yield Remove("messages", "m7")
    yield Remove("subscriptions", f"{rooms[0]}-{people[0]}")
    for n in range(12):
        yield hook(chance, f"i{n}", some(people))
    for n in range(6):
        record = dated(
            put("history", f"h{n}", step="x", integration={"_id": "i1"}), _updatedAt=when() // 1_000
        )
        yield PutHistory(record.document, "i1", f'{{"_id":"i1","n":{n % 2}}}', n % 2)


def member(chance: random.Random, rid: str, id: str) -> Step:
    some, when = chance.choice, partial(chance.randrange, 5_000)
    unseen = {"unread": some([None, 3]), "alert": some([None, True]), "userMentions": some([None, 2])}
    opened, roles = (
        some([None, False, True]),
        chance.sample(["owner", "leader", "moderator"], some([0, 1, 2])),
    )
    one = put(
        "subscriptions",
        f"{rid}-{id}",
        rid=rid,
        u={"_id": id},
        t=some("dp"),
        open=opened,
        roles=roles,
        **unseen,
    )
    return dated(one, ts=when(), _updatedAt=when(), **some([{}, {"ls": when()}]))


def message(chance: random.Random, id: str, rid: str, author: str) -> Step:
    some, when = chance.choice, partial(chance.randrange, 5_000)
    marks: dict[str, Any] = {
        "alias": some([None, "a\0b"]),
        "tmid": some([None, None, "m1", "m2"]),
        "tshow": some([None, True]),
        "t": some([None, None, None, "uj"]),
        "_hidden": some([None, None, None, True]),
        "pinned": some([None, True]),
        "mentions": some([None, [{"_id": some(["u1", "u2", "all", "here"])}]]),
        "starred": some([None, [{"_id": some(["u1", "u2"])}]]),
    }
    text = " ".join(chance.sample(WORDS, 3))
    dates = {"_updatedAt": when(), **some([{}, {"tlm": when()}]), **({} if id == "m9" else {"ts": when()})}
    return dated(put("messages", id, rid=rid, u={"_id": author}, msg=text, **marks), **dates)


def hook(chance: random.Random, id: str, creator: str) -> Step:
    links = [
        Link("#x", "room", chance.choice(["r1", "r2"])),
        Link("all", "scope", chance.choice(["all", "some"])),
    ]
    one = dated(
        put("integrations", id, type=chance.choice(TYPES), _createdBy={"_id": creator}, urls=["http://a/"])
    )
    one.document.set_date("_createdAt", chance.randrange(0, 3))
    return PutIntegration(one.document, links)


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
