"""Lists of rooms (spec/04 section 3), and rooms as one caller sees them."""

import json
from typing import Any

import pytest

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups import listings
from strongback.groups.shown import shown
from strongback.listing import Listing, Wanted
from strongback.storage.steps import Put, Remove, RemoveAll
from tests.room_world import NOW, RoomWorld

pytestmark = pytest.mark.anyio

SEES = ("view-p-room", "view-c-room", "view-d-room")


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann is in the groups `b` and `a` and in the channel `town`, Bob in `c`; all of them wrote something."""
    await world.users("ann", "bob")
    for name, kind, members in (
        ("b", "p", ["ann"]),
        ("a", "p", ["ann", "bob"]),
        ("c", "p", ["bob"]),
        ("town", "c", ["ann"]),
        ("market", "c", []),
    ):
        rid = await world.room(name, *members, kind=kind)
        await say(world, rid, f"in {name}", NOW)
    return world


async def say(world: RoomWorld, rid: str, text: str, at: int, **more: Any) -> None:
    id = f"m-{rid}-{at}"
    author = {"_id": "u-bob", "username": "bob"}
    message = Document(id, {"_id": id, "rid": rid, "msg": text, "u": author, **more})
    message.set_date("ts", at)
    await world.write(Put("messages", message))


def names(found: Listing) -> list[str]:
    return [json.loads(text)["name"] for text in found.texts]


def last(text: str) -> Any:
    return json.loads(text).get("lastMessage")


async def test_the_groups_that_one_is_in_by_name(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", *SEES)
    found = await listings.joined(rooms.store, ann, ("p",), Wanted())
    assert (names(found), found.total) == (["a", "b"], 2)
    found = await listings.joined(rooms.store, ann, ("p",), Wanted(offset=1, count=1))
    assert (names(found), found.total) == (["b"], 2)
    found = await listings.joined(rooms.store, ann, ("p",), Wanted(sort={"name": -1}))
    assert names(found) == ["b", "a"]
    found = await listings.joined(rooms.store, ann, ("p",), Wanted(filter={"name": {"$ne": "a"}}))
    assert (names(found), found.total) == (["b"], 1)
    found = await listings.joined(rooms.store, ann, ("p",), Wanted(fields={"t": 1}))
    assert [json.loads(text) for text in found.texts] == [{"_id": "r-a", "t": "p"}, {"_id": "r-b", "t": "p"}]
    for hidden in ("joinCode", "members"):
        with pytest.raises(Failure):
            await listings.joined(rooms.store, ann, ("p",), Wanted(filter={hidden: "x"}))


async def test_a_room_that_one_may_not_see_is_not_listed(rooms: RoomWorld) -> None:
    for permissions, seen in ((("view-c-room",), []), (("view-joined-room",), ["a", "b"])):
        found = await listings.joined(rooms.store, rooms.caller("ann", *permissions), ("p",), Wanted())
        assert names(found) == seen


async def test_every_group_and_what_was_said_in_ones_own(rooms: RoomWorld) -> None:
    found = await listings.all_groups(rooms.store, rooms.caller("ann", *SEES), Wanted())
    assert names(found) == ["a", "b", "c"]
    assert [(last(text) or {}).get("msg") for text in found.texts] == ["in a", "in b", None]
    query = {"lastMessage.msg": {"$regex": "^in c"}}
    found = await listings.all_groups(rooms.store, rooms.caller("ann", *SEES), Wanted(filter=query))
    assert names(found) == []  # nobody finds out by asking
    found = await listings.all_groups(rooms.store, rooms.caller("bob", *SEES), Wanted(filter=query))
    assert names(found) == ["c"]


async def test_the_channels_that_one_may_see(rooms: RoomWorld) -> None:
    await rooms.room("team", "bob", kind="c", teamId="t1")
    everything = await listings.channels(rooms.store, rooms.caller("ann", *SEES), Wanted())
    assert names(everything) == ["market", "town"]
    own = await listings.channels(rooms.store, rooms.caller("ann", "view-joined-room"), Wanted())
    assert names(own) == ["town"]
    assert names(await listings.channels(rooms.store, rooms.caller("bob", *SEES), Wanted())) == [
        "market",
        "team",
        "town",
    ]


async def test_the_last_message_as_one_sees_it(rooms: RoomWorld) -> None:
    stars = {"starred": [{"_id": "u-bob"}, {"_id": "u-ann"}]}
    await say(rooms, "r-a", "stars", NOW + 1, **stars)
    user = {"_id": "u-bob", "username": "bob", "name": "Bob Real", "active": True}
    await rooms.write(Put("users", Document("u-bob", user)))

    async def seen(caller: Caller) -> Any:
        by_list = await listings.joined(rooms.store, caller, ("p",), Wanted())
        alone = await shown(rooms.store, caller, "r-a")
        assert alone is not None
        assert alone == json.loads(by_list.texts[0])
        return alone.get("lastMessage")

    for name in ("ann", "bob"):
        caller = rooms.caller(name, *SEES)
        assert (await seen(caller))["starred"] == [{"_id": caller.id}]
    caller = rooms.caller("ann", *SEES, UI_Use_Real_Name=True)
    assert (await seen(caller))["u"]["name"] == "Bob Real"
    assert await seen(rooms.caller("ann", *SEES, Store_Last_Message=False)) is None
    outside = await shown(rooms.store, rooms.caller("ann", *SEES), "r-c")
    assert outside is not None
    assert "lastMessage" not in outside
    assert await shown(rooms.store, caller, "r-nothing") is None


async def test_what_has_changed_since(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", *SEES)

    async def changed(since: int | None) -> list[str]:
        update, _ = await listings.changed(rooms.store, ann, since)
        return [json.loads(text)["name"] for text in update]

    assert await changed(None) == ["a", "b", "town"]
    assert await changed(NOW) == []
    await say(rooms, "r-b", "more", NOW + 2)
    assert await changed(NOW + 1) == ["b"]
    stored = await rooms.store.get("rooms", "r-a")
    assert stored is not None
    renamed = stored.decode()
    renamed.set_date("_updatedAt", NOW + 3)
    await rooms.write(Put("rooms", renamed))
    assert await changed(NOW + 1) == ["a", "b"]
    assert await changed(NOW + 2) == ["a"]
    came = Document("s-new", {"_id": "s-new", "rid": "r-c", "t": "p", "u": {"_id": "u-ann"}})
    came.set_date("ts", NOW + 4)
    await rooms.write(Put("subscriptions", came))
    assert await changed(NOW + 3) == ["c"]
    assert (await listings.changed(rooms.store, rooms.caller("ann"), None))[0] == []


async def test_what_one_is_no_longer_in(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", *SEES)

    async def gone(since: int | None) -> list[str]:
        _, remove = await listings.changed(rooms.store, ann, since)
        return [json.loads(text)["_id"] for text in remove]

    await rooms.write(Remove("subscriptions", "r-a-ann"))
    await rooms.write(RemoveAll("subscriptions", "rid", "r-town"), Remove("rooms", "r-town"))
    await rooms.write(RemoveAll("subscriptions", "rid", "r-c"), Remove("rooms", "r-c"))  # never hers
    assert await gone(0) == ["r-a", "r-town"]
    assert await gone(None) == []
    _, (first, *_) = await listings.changed(rooms.store, ann, 0)
    assert json.loads(first).keys() == {"_id", "_deletedAt"}
    await rooms.write(
        Put("subscriptions", Document("again", {"_id": "again", "rid": "r-a", "u": {"_id": "u-ann"}}))
    )
    assert await gone(0) == ["r-town"]
