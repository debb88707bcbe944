"""Reading a room's messages (spec/04 section 3)."""

from typing import Any

import msgspec
import pytest

from strongback.documents.dates import format_date
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.listing import Wanted
from strongback.messages import read
from strongback.messages.read import Window
from strongback.storage.contract import RoomView
from strongback.storage.steps import Put
from tests.messages.chat import Chat
from tests.room_world import NOW

pytestmark = pytest.mark.anyio


async def write(chat: Chat, id: str, at: int, **more: Any) -> None:
    """A message of the group at a moment after NOW, in milliseconds."""
    document = Document(id, {"_id": id, "rid": "r-eng", "msg": id, "u": {"_id": "u-ann", "username": "ann"}})
    document.body |= more
    document.set_date("ts", NOW + at)
    await chat.world.write(Put("messages", document))


@pytest.fixture
async def told(chat: Chat) -> Chat:
    """Five messages a second apart, one of them a reply, one hidden, one of the system."""
    await write(chat, "m1", 1_000)
    await write(chat, "m2", 2_000, tmid="m1")
    await write(chat, "m3", 3_000, _hidden=True)
    await write(chat, "m4", 4_000, t="uj")
    await write(chat, "m5", 5_000, starred=[{"_id": "u-ann"}, {"_id": "u-bob"}])
    return chat


async def view(chat: Chat) -> RoomView:
    found = await chat.world.store.room_by_id("r-eng", "u-ann")
    assert found is not None
    return found


async def listed(chat: Chat, wanted: Wanted, name: str = "ann", **settings: Any) -> tuple[list[str], int]:
    caller = chat.world.caller(name, **settings)
    found = await read.of_room(chat.world.store, caller, await view(chat), wanted)
    return [msgspec.json.decode(text)["_id"] for text in found.texts], found.total


async def test_all_messages_newest_first(told: Chat) -> None:
    await told.say(await told.sender("cid"), "elsewhere", "r-town")
    assert await listed(told, Wanted()) == (["m5", "m4", "m3", "m2", "m1"], 5)
    assert await listed(told, Wanted(1, 2)) == (["m4", "m3"], 5)
    assert await listed(told, Wanted(0, 0)) == (["m5", "m4", "m3", "m2", "m1"], 5)


async def test_filter_sort_and_fields(told: Chat) -> None:
    assert await listed(told, Wanted(filter={"t": "uj"})) == (["m4"], 1)
    assert await listed(told, Wanted(filter={"rid": "r-town"})) == ([], 0)
    assert await listed(told, Wanted(filter={"msg": {"$gt": "m3"}})) == (["m5", "m4"], 2)
    date = {"$date": NOW + 4_000}
    assert await listed(told, Wanted(filter={"ts": {"$gte": date}})) == (["m5", "m4"], 2)
    assert (await listed(told, Wanted(sort={"ts": 1})))[0] == ["m1", "m2", "m3", "m4", "m5"]
    assert (await listed(told, Wanted(sort={"msg": -1})))[0] == ["m5", "m4", "m3", "m2", "m1"]
    found = await read.of_room(
        told.world.store, told.world.caller("ann"), await view(told), Wanted(0, 1, fields={"msg": 1})
    )
    assert found.texts == ['{"_id":"m5","msg":"m5"}']


async def test_a_filter_sees_no_star_but_the_callers(told: Chat) -> None:
    for star, seen in (("u-ann", ["m5"]), ("u-bob", [])):
        wanted = Wanted(filter={"starred._id": star})
        assert (await listed(told, wanted))[0] == seen
    found = await read.of_room(told.world.store, told.world.caller("bob"), await view(told), Wanted(0, 1))
    assert msgspec.json.decode(found.texts[0])["starred"] == [{"_id": "u-bob"}]


async def test_real_names_in_a_list(told: Chat) -> None:
    ann = {"_id": "u-ann", "username": "ann", "name": "Ann A"}
    await told.world.write(Put("users", Document("u-ann", ann)))
    caller = told.world.caller("bob", UI_Use_Real_Name=True)
    found = await read.of_room(told.world.store, caller, await view(told), Wanted())
    assert {msgspec.json.decode(text)["u"]["name"] for text in found.texts} == {"Ann A"}


async def ids(chat: Chat, asked: Window, **settings: Any) -> list[str]:
    found = await read.history(
        chat.world.store, chat.world.caller("ann", **settings), await view(chat), asked
    )
    return [msgspec.json.decode(text)["_id"] for text in found.texts]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Window(), ["m5", "m4", "m2", "m1"]),
        (Window(threads=False), ["m5", "m4", "m1"]),
        (Window(oldest=NOW + 1_000, latest=NOW + 5_000), ["m4", "m2"]),
        (Window(oldest=NOW + 1_000, latest=NOW + 5_000, inclusive=True), ["m5", "m4", "m2", "m1"]),
        (Window(latest=NOW + 4_000), ["m2", "m1"]),
        (Window(offset=1, count=2), ["m4", "m2"]),
        (Window(count=0), ["m5", "m4", "m2", "m1"]),
        (Window(offset=9), []),
    ],
)
async def test_the_history_of_a_room(told: Chat, asked: Window, expected: list[str]) -> None:
    assert await ids(told, asked) == expected


async def test_hidden_system_messages(told: Chat) -> None:
    await write(told, "m6", 6_000, t="user-muted")
    setting = {"Hide_System_Messages": ["uj", "mute_unmute"]}
    assert await ids(told, Window(), **setting) == ["m5", "m2", "m1"]
    assert await ids(told, Window(offset=1, count=1), **setting) == ["m2"]
    room = {"_id": "r-eng", "t": "p", "name": "eng", "sysMes": ["mute_unmute", 5]}
    await told.world.write(Put("rooms", Document("r-eng", room)))
    assert await ids(told, Window(), **setting) == ["m5", "m4", "m2", "m1"], "the room's own choice counts"


@pytest.mark.parametrize(
    ("asked", "first", "left"),
    [
        (Window(oldest=NOW, unreads=True, count=1), "m1", 3),
        (Window(oldest=NOW, unreads=True, count=2, threads=False), "m1", 1),
        (Window(oldest=NOW + 1_000, unreads=True, count=1), "m2", 2),
        (Window(oldest=NOW, unreads=True), None, 0),
        (Window(unreads=True, count=1), None, 0),
        (Window(oldest=NOW, count=1), None, 0),
        (Window(oldest=NOW + 9_000, unreads=True), None, 0),
    ],
)
async def test_what_is_unread_before_the_page(
    told: Chat, asked: Window, first: str | None, left: int
) -> None:
    found = await read.history(told.world.store, told.world.caller("ann"), await view(told), asked)
    seen = None if found.first_unread is None else msgspec.json.decode(found.first_unread)["_id"]
    assert (seen, found.unread_not_loaded) == (first, left)


async def test_one_message(told: Chat) -> None:
    ann = (await told.sender("ann")).caller
    store = told.world.store
    made = await read.one(store, ann, "m5")
    assert made is not None
    assert (made["ts"], made["starred"]) == (format_date(NOW + 5_000), [{"_id": "u-ann"}])
    assert await read.one(store, ann, "nothing") is None
    with pytest.raises(Failure) as caught:
        await read.one(store, (await told.sender("cid")).caller, "m5")
    assert caught.value.message == "Not allowed [error-not-allowed]"


async def test_one_message_shows_its_encryption(told: Chat) -> None:
    await write(told, "m7", 7_000, t="e2e", e2e="pending")
    made = await read.one(told.world.store, (await told.sender("ann")).caller, "m7")
    assert made is not None
    assert made["e2e"] == "pending"
