"""How much there is in a group (spec/04 section 3)."""

from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.counters import counters
from strongback.storage.steps import MarkSeen, Put
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


def stamp(seconds: int) -> str:
    return f"1970-01-01T00:00:{seconds:02}.000Z"


def message(id: str, at: int, **members: Any) -> Put:
    document = Document(id, {"_id": id, "rid": "r-eng", "msg": id, "u": {"_id": "u-bob"}, **members})
    document.set_date("ts", at)
    return Put("messages", document)


def member(username: str, at: int) -> Put:
    id = f"s-{username}"
    document = Document(id, {"_id": id, "rid": "r-eng", "t": "p", "u": {"_id": f"u-{username}"}})
    document.set_date("ts", at)
    return Put("subscriptions", document)


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann came to `eng` after a second and Bob after five; four messages, of which one is hidden, and the server's."""
    await world.users("ann", "bob", "cid")
    room = Document("r-eng", {"_id": "r-eng", "t": "p", "name": "eng"})
    room.set_date("_updatedAt", 9_000)
    await world.write(Put("rooms", room), member("ann", 1_000), member("bob", 5_000))
    return world


async def count(
    world: RoomWorld, username: str, *permissions: str, user_id: str | None = None
) -> dict[str, Any]:
    caller = world.caller(username, *permissions)
    room = await world.store.room_by_id("r-eng", caller.id)
    assert room is not None
    return await counters(world.store, caller, room, user_id)


async def test_an_empty_group(rooms: RoomWorld) -> None:
    assert await count(rooms, "ann") == {
        "joined": True,
        "members": 2,
        "unreads": 0,
        "unreadsFrom": stamp(1),
        "msgs": 0,
        "latest": stamp(9),
        "userMentions": 0,
    }


async def test_what_came_since_it_was_seen_bounds_included(rooms: RoomWorld) -> None:
    mention = {"mentions": [{"_id": "u-ann", "username": "ann"}]}
    await rooms.write(
        message("a", 500),
        message("b", 1_000),
        message("c", 3_000, **mention),
        message("d", 4_000, _hidden=True),
        message("e", 6_000),
        message("f", 7_000, t="au"),
    )
    found = await count(rooms, "ann")
    assert (found["unreads"], found["unreadsFrom"], found["userMentions"]) == (3, stamp(1), 1)
    assert (found["msgs"], found["latest"], found["members"]) == (5, stamp(6), 2)
    await rooms.write(MarkSeen("r-eng", "u-ann", 3_000))
    found = await count(rooms, "ann")
    assert (found["unreads"], found["unreadsFrom"], found["userMentions"]) == (2, stamp(3), 0)
    assert (await count(rooms, "bob"))["unreads"] == 1


async def test_who_is_not_in_it_learns_only_that(rooms: RoomWorld) -> None:
    nothing = dict.fromkeys(("members", "unreads", "unreadsFrom", "msgs", "latest", "userMentions"))
    assert await count(rooms, "cid") == {"joined": False, **nothing}
    mine = await rooms.store.get("subscriptions", "s-ann")
    assert mine is not None
    closed = mine.decode()
    closed.set("open", False)
    await rooms.write(Put("subscriptions", closed))
    assert await count(rooms, "ann") == {"joined": False, **nothing}


async def test_who_administrates_rooms_counts_for_others(rooms: RoomWorld) -> None:
    administer = "view-room-administration"
    outside = await count(rooms, "cid", administer)
    assert (outside["joined"], outside["members"], outside["msgs"]) == (False, 2, 0)
    assert (outside["latest"], outside["unreads"], outside["unreadsFrom"]) == (stamp(9), None, None)
    theirs = await count(rooms, "cid", administer, user_id="u-bob")
    assert (theirs["joined"], theirs["unreadsFrom"]) == (True, stamp(5))
    with pytest.raises(Failure) as caught:
        await count(rooms, "ann", user_id="u-ann")
    assert (caught.value.status, caught.value.text) == (403, "unauthorized")
