"""Rooms in one's own list (spec/04 section 3)."""

import asyncio

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.visibility import close_room, open_room
from strongback.storage.contract import RoomView
from strongback.storage.steps import Put
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann and Bob are in `eng`."""
    await world.users("ann", "bob")
    await world.room("eng", "ann", "bob")
    return world


async def view(world: RoomWorld) -> RoomView:
    room = await world.store.room_by_id("r-eng", "u-ann")
    assert room is not None
    return room


async def is_open(world: RoomWorld, username: str) -> object:
    return (await world.body("subscriptions", f"r-eng-{username}"))["open"]


async def test_closed_opened_and_opened_by_what_others_write(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann")
    await close_room(rooms.store, rooms.clock, ann, await view(rooms))
    assert (await is_open(rooms, "ann"), await is_open(rooms, "bob")) == (False, True)
    await open_room(rooms.store, rooms.clock, ann, await view(rooms))
    assert await is_open(rooms, "ann") is True
    await close_room(rooms.store, rooms.clock, ann, await view(rooms))
    message = Document("m1", {"_id": "m1", "rid": "r-eng", "msg": "hi", "u": {"_id": "u-bob"}})
    message.set_date("ts", rooms.now + 1)
    await rooms.write(Put("messages", message))
    assert await is_open(rooms, "ann") is True
    rooms.now += 2
    await close_room(rooms.store, rooms.clock, ann, await view(rooms))
    assert await is_open(rooms, "ann") is False


async def test_what_is_so_already_is_refused(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann")
    with pytest.raises(Failure) as caught:
        await open_room(rooms.store, rooms.clock, ann, await view(rooms))
    assert (caught.value.text, caught.value.error) == (
        "The private group, eng, is already open for the sender",
        None,
    )
    await close_room(rooms.store, rooms.clock, ann, await view(rooms))
    with pytest.raises(Failure) as caught:
        await close_room(rooms.store, rooms.clock, ann, await view(rooms))
    assert (caught.value.text, caught.value.error) == (
        "The private group, eng, is already closed to the sender",
        None,
    )


async def test_who_is_no_member_has_no_list_to_put_it_in(rooms: RoomWorld) -> None:
    cid = rooms.caller("cid")
    await open_room(rooms.store, rooms.clock, cid, await view(rooms))
    with pytest.raises(Failure, match="already closed to the sender"):
        await close_room(rooms.store, rooms.clock, cid, await view(rooms))
    assert len(await rooms.bodies("subscriptions", "rid", "r-eng")) == 2


async def test_of_many_who_close_it_one_does(rooms: RoomWorld) -> None:
    ann, room = rooms.caller("ann"), await view(rooms)
    closed = await asyncio.gather(
        *(close_room(rooms.store, rooms.clock, ann, room) for _ in range(5)), return_exceptions=True
    )
    assert sum(one is None for one in closed) == 1
    assert sum(isinstance(one, Failure) for one in closed) == 4
