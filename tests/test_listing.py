"""Listings: paging, filter, sort, projection and their bounds, on a real file (spec/02)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from strongback.documents.document import Document, Stored
from strongback.errors import Failure
from strongback.integrations.lists import OF_A_ROOM
from strongback.listing import Listing, Wanted, listing, matching
from strongback.storage.selections import IntegrationScope
from strongback.storage.steps import Link, PutIntegration
from tests.room_world import RoomWorld, room_world

pytestmark = pytest.mark.anyio

SCOPE = IntegrationScope((("room", "r-eng"),), ((None, None),))
OTHERS = 3
"""Integrations of another room, which no listing below may show."""

Put = Callable[..., PutIntegration]


def integration(number: int, room: str = "r-eng", **members: Any) -> PutIntegration:
    id = f"i{number:04}"
    body = {
        "_id": id,
        "type": "webhook-incoming",
        "channel": ["#eng"],
        "token": f"secret-{number}",
        **members,
    }
    document = Document(id, body)
    document.set_date("_createdAt", 1_700_000_000_000 + number // 3 * 1000)  # three share each instant
    return PutIntegration(document, [Link("#eng", "room", room)])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RoomWorld]:
    """A room with 25 integrations, names repeating every 5, in a store with others besides."""
    async with room_world(tmp_path) as opened:
        await opened.write(
            *(integration(number, name=f"n{number % 5}", rank=number % 4) for number in range(25)),
            *(integration(100 + number, "r-other", name="n0") for number in range(OTHERS)),
        )
        yield opened


async def listed(world: RoomWorld, **wanted: Any) -> Listing:
    asked = Wanted(**{"count": 0, **wanted})
    # A clock that stands: how long matching may take has a test of its own, and a busy machine takes long.
    return await listing(world.store, SCOPE, asked, OF_A_ROOM, seconds=lambda: 0.0)


async def ids(world: RoomWorld, **wanted: Any) -> list[str]:
    return [msgspec.json.decode(text)["_id"] for text in (await listed(world, **wanted)).texts]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is decoded from JSON during the test."""
    texts: list[Any] = []
    original = msgspec.json.decode

    def decode(text: Any, **more: Any) -> Any:
        texts.append(text)
        return original(text, **more)

    monkeypatch.setattr(msgspec.json, "decode", decode)
    return texts


async def test_a_plain_page_decodes_nothing(world: RoomWorld, decoded: list[Any]) -> None:
    for sort in (None, {"_createdAt": 1}, {}):
        found = await listed(world, count=10, offset=5, sort=sort)
        assert (len(found.texts), found.total) == (10, 25)
    assert decoded == []


async def test_a_projection_alone_decodes_the_page_alone(world: RoomWorld, decoded: list[Any]) -> None:
    found = await listed(world, count=4, fields={"name": 1})
    assert len(decoded) == len(found.texts) == 4
    assert found.texts[0] == '{"_id":"i0000","name":"n0"}'


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"sort": {}},
        {"sort": {"_createdAt": -1}},
        {"sort": {"name": 1}},
        {"sort": {"name": -1, "rank": 1}},
        {"sort": {"missing": 1}},
        {"filter": {"rank": {"$gte": 0}}},
        {"filter": {"rank": {"$gte": 0}}, "sort": {"rank": -1}},
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7, 24, 25, 26])
async def test_pages_of_any_size_yield_every_document_once(
    world: RoomWorld, wanted: dict[str, Any], size: int
) -> None:
    whole = await ids(world, **wanted)
    assert sorted(whole) == [f"i{number:04}" for number in range(25)]
    pages = [await ids(world, **wanted, offset=offset, count=size) for offset in range(0, 25, size)]
    assert [id for page in pages for id in page] == whole


async def test_orders(world: RoomWorld) -> None:
    by_name = sorted(range(25), key=lambda number: (number % 5, number))
    assert await ids(world, sort={"name": 1}) == [f"i{number:04}" for number in by_name]
    by_rank = sorted(range(25), key=lambda number: (-(number % 4), number))
    assert await ids(world, sort={"rank": -1}) == [f"i{number:04}" for number in by_rank]
    newest = sorted(range(25), key=lambda number: (-(number // 3), number))
    assert await ids(world, sort={"_createdAt": -1}) == [f"i{number:04}" for number in newest]
    assert (await ids(world, sort={"_id": -1}))[:2] == ["i0024", "i0023"]


async def test_total_counts_matches_not_the_page(world: RoomWorld) -> None:
    found = await listed(world, filter={"name": "n1"}, count=2, offset=4)
    assert (len(found.texts), found.total) == (1, 5)
    beyond = await listed(world, offset=99, count=5)
    assert (beyond.texts, beyond.total) == ([], 25)


async def test_dates_are_dates_in_a_filter(world: RoomWorld) -> None:
    cut = {"_createdAt": {"$lt": {"$date": 1_700_000_001_000}}}
    assert await ids(world, filter=cut) == ["i0000", "i0001", "i0002"]
    assert await ids(world, filter={"_createdAt": {"$gt": ""}}) == []


async def test_safe_operators_work_at_the_top(world: RoomWorld) -> None:
    nor = {"$nor": [{"rank": 0}, {"name": {"$in": ["n1", "n2", "n3"]}}]}
    wanted = [n for n in range(25) if n % 4 and n % 5 in (0, 4)]
    assert await ids(world, filter=nor) == [f"i{number:04}" for number in wanted]


@pytest.mark.parametrize(
    ("wanted", "error", "named"),
    [
        ({"filter": {"token": "x"}}, "error-invalid-query", "token"),
        ({"filter": {"$nor": [{"$or": [{"token": {"$gt": ""}}]}]}}, "error-invalid-query", "token"),
        ({"filter": {"channel": {"$elemMatch": {"token": 1}}}}, "error-invalid-query", "token"),
        ({"sort": {"token": 1}}, "error-invalid-sort", "token"),
        ({"sort": {"token.length": -1}}, "error-invalid-sort", "token"),
        ({"filter": {"joinCode": "x"}}, "error-invalid-query", "joinCode"),
        ({"filter": {"e2e.key": "x"}}, "error-invalid-query", "e2e.key"),
        ({"sort": {"importIds": 1}}, "error-invalid-sort", "importIds"),
        ({"fields": {"members": 1}}, "error-invalid-fields", "members"),
        ({"fields": {"e2e.key": 1, "name": 1}}, "error-invalid-fields", "e2e.key"),
        ({"filter": {"$where": "1"}}, "error-invalid-query", "$where"),
        ({"filter": {"$or": [{"x": 1}, {"$expr": {}}]}}, "error-invalid-query", "$or.1.$expr"),
        ({"filter": {"a": {"$nope": 1}}}, "error-invalid-query", "a.$nope"),
        ({"filter": {"name": {"$regex": "(*ACCEPT)"}}}, "error-invalid-query", "name"),
        ({"sort": {"$a": 1}}, "error-invalid-sort", "$a"),
        ({"fields": {"a": 1, "a.b": 1}}, "error-invalid-fields", "a.b"),
    ],
)
async def test_refusals_are_400_and_name_the_path(
    world: RoomWorld, wanted: dict[str, Any], error: str, named: str
) -> None:
    with pytest.raises(Failure) as caught:
        await listed(world, **wanted)
    assert (caught.value.status, caught.value.error) == (400, error)
    assert named in caught.value.text


async def test_projections(world: RoomWorld) -> None:
    one = await listed(world, count=1, fields={"token": 1, "name": 0})
    assert one.texts == ['{"_id":"i0000","token":"secret-0"}']
    rest = await listed(world, count=1, fields={"token": 0, "joinCode": 0, "type": 0, "channel": 0})
    assert rest.texts[0] == '{"_id":"i0000","name":"n0","rank":0,"_createdAt":"2023-11-14T22:13:20.000Z"}'
    hidden_only = await listed(world, count=1, fields={"joinCode": 0})
    assert hidden_only.texts == (await listed(world, count=1)).texts


async def test_matching_stops_at_its_time(world: RoomWorld) -> None:
    ticks = iter(range(1000))
    with pytest.raises(Failure, match="250 ms") as caught:
        await listing(
            world.store,
            SCOPE,
            Wanted(filter={"name": "n1"}),
            OF_A_ROOM,
            matching_ms=250,
            seconds=lambda: next(ticks) * 0.3,
        )
    assert caught.value.status == 400


async def test_a_costly_pattern_is_a_400(world: RoomWorld) -> None:
    await world.write(integration(50, name="a" * 200 + "!"))
    with pytest.raises(Failure) as caught:
        await listed(world, filter={"name": {"$regex": "^(a+)+$"}})
    assert caught.value.error == "error-invalid-query"


async def test_matching_lets_the_loop_go(world: RoomWorld) -> None:
    await world.write(*(integration(number, name="many") for number in range(200, 600)))
    turns = 0
    running = True

    async def other() -> None:
        nonlocal turns
        while running:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert (await listed(world, filter={"name": "many"})).total == 400
    running = False
    await task
    assert turns >= 400 / 50


async def test_matching_reads_no_further_than_the_page(world: RoomWorld) -> None:
    rows, read = await world.store.select(SCOPE), []

    async def slices() -> AsyncGenerator[list[Stored], None]:
        for row in rows:
            read.append(row.id)
            yield [row]

    wanted = Wanted(1, 2, {"rank": 1})
    texts = await matching(slices(), wanted, OF_A_ROOM)
    assert [msgspec.json.decode(text)["_id"] for text in texts] == ["i0005", "i0009"]
    assert read[-1] == "i0009"
    read.clear()
    assert len(await matching(slices(), Wanted(0, 0, {"rank": 1}), OF_A_ROOM)) == 6
    assert len(read) == 25
