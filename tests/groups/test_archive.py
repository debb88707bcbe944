"""Rooms that are put away, and taken out again (spec/04 section 3)."""

import pytest

from strongback.documents.event import Event
from strongback.errors import Failure
from strongback.groups.archive import archive, unarchive
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

BOTH = ("archive-room", "unarchive-room", "view-p-room")


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, of which Bob is a member."""
    await world.users("ann", "bob")
    await world.room("eng", "ann", "bob")
    return world


async def view(world: RoomWorld) -> RoomView:
    room = await world.store.room_by_id("r-eng", "u-ann")
    assert room is not None
    return room


async def states(world: RoomWorld) -> list[tuple[object, object]]:
    members = await world.bodies("subscriptions", "rid", "r-eng")
    return [(member.get("archived"), member["open"]) for member in members]


async def test_archived_and_taken_out_again(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", *BOTH)
    await archive(rooms.store, rooms.clock, ann, await view(rooms))
    assert (await rooms.body("rooms", "r-eng"))["archived"] is True
    assert (await view(rooms)).archived is True
    assert await states(rooms) == [(True, False), (True, False)]
    await unarchive(rooms.store, rooms.clock, ann, await view(rooms))
    assert (await rooms.body("rooms", "r-eng"))["archived"] is False
    assert (await view(rooms)).archived is False
    assert await states(rooms) == [(False, True), (False, True)]
    said = await rooms.bodies("messages", "rid", "r-eng")
    assert sorted((one["t"], one["msg"]) for one in said) == [("room-archived", ""), ("room-unarchived", "")]


async def test_one_event_for_the_archiving_and_none_for_the_rest(rooms: RoomWorld) -> None:
    heard: list[Event] = []

    async def hook(_: Changes, event: Event) -> None:
        heard.append(event)

    ann = rooms.caller("ann", *BOTH)
    await archive(rooms.store, rooms.clock, ann, await view(rooms), on_event=(hook,))
    await unarchive(rooms.store, rooms.clock, ann, await view(rooms))
    (event,) = heard
    assert event.room is not None
    assert (event.kind, event.user.id, event.at) == ("roomArchived", "u-ann", rooms.now)
    assert (event.room.id, event.room.body["archived"]) == ("r-eng", True)
    assert event.message is None


async def test_each_takes_its_permission(rooms: RoomWorld) -> None:
    nothing = rooms.caller("ann", "view-p-room", "unarchive-room", "edit-room")
    with pytest.raises(Failure) as caught:
        await archive(rooms.store, rooms.clock, nothing, await view(rooms))
    assert (caught.value.text, caught.value.error) == ("Not authorized", "error-not-authorized")
    assert caught.value.details == {"method": "archiveRoom"}
    await archive(rooms.store, rooms.clock, rooms.caller("ann", *BOTH), await view(rooms))
    with pytest.raises(Failure) as caught:
        await unarchive(
            rooms.store,
            rooms.clock,
            rooms.caller("ann", "view-p-room", "archive-room"),
            await view(rooms),
        )
    assert (caught.value.error, caught.value.details) == (
        "error-not-authorized",
        {"method": "unarchiveRoom"},
    )


async def test_what_is_so_already(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", *BOTH)
    room = await view(rooms)
    await unarchive(rooms.store, rooms.clock, ann, room)
    assert await rooms.bodies("messages", "rid", "r-eng") == []
    with pytest.raises(Failure, match=r"^not archived$"):
        await unarchive(rooms.store, rooms.clock, ann, room, unchanged="not archived")
    await archive(rooms.store, rooms.clock, ann, room)
    with pytest.raises(Failure, match="The private group, eng, is archived"):
        await archive(rooms.store, rooms.clock, ann, room)
