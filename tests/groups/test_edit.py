"""Changes of rooms: decided on the room as it is when they are committed."""

import pytest

from strongback.accounts.caller import Caller
from strongback.errors import Failure, Unavailable
from strongback.groups.edit import Edit, edit
from strongback.storage.steps import Put, Remove
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`."""
    await world.users("ann")
    await world.room("eng", "ann")
    return world


async def set_topic(world: RoomWorld, caller: Caller, *meddling: object, archived: bool = False) -> int:
    """Set a topic, while somebody writes these steps before the first commit; answers how often it was tried."""
    room = await world.store.room_by_id("r-eng", caller.id)
    assert room is not None
    tries = 0

    async def change(one: Edit) -> bool:
        nonlocal tries
        tries += 1
        if tries == 1 and meddling:
            await world.write(*meddling)
        one.require_permission()
        one.room.set("topic", "t")
        one.say("room_changed_topic", "t")
        return True

    await edit(world.store, world.clock, caller, room, change, archived=archived)
    return tries


async def test_a_room_that_changes_meanwhile_is_read_again(rooms: RoomWorld) -> None:
    stored = await rooms.store.get("rooms", "r-eng")
    assert stored is not None
    other = stored.decode()
    other.set("description", "d")
    assert await set_topic(rooms, rooms.caller("ann", "edit-room", "view-p-room"), Put("rooms", other)) == 2
    body = await rooms.body("rooms", "r-eng")
    assert (body["topic"], body["description"], body["msgs"]) == ("t", "d", 1)


async def test_a_room_that_is_archived_meanwhile_is_refused(rooms: RoomWorld) -> None:
    stored = await rooms.store.get("rooms", "r-eng")
    assert stored is not None
    other = stored.decode()
    other.set("archived", True)
    caller = rooms.caller("ann", "edit-room", "view-p-room")
    with pytest.raises(Failure, match="The private group, eng, is archived"):
        await set_topic(rooms, caller, Put("rooms", other))
    assert "topic" not in await rooms.body("rooms", "r-eng")
    assert await set_topic(rooms, caller, archived=True) == 1


async def test_who_is_put_out_meanwhile_does_not_find_it(rooms: RoomWorld) -> None:
    with pytest.raises(Failure, match="does not match any group"):
        await set_topic(
            rooms, rooms.caller("ann", "edit-room", "view-p-room"), Remove("subscriptions", "r-eng-ann")
        )
    assert await rooms.bodies("messages", "rid", "r-eng") == []


async def test_who_loses_the_role_meanwhile_may_not(rooms: RoomWorld) -> None:
    caller = rooms.caller("ann", "view-p-room")
    caller.access.permissions["edit-room"] = frozenset({"owner"})  # type: ignore[index]
    stored = await rooms.store.subscription("r-eng", "u-ann")
    assert stored is not None
    mine = stored.decode()
    mine.set("roles", [])
    with pytest.raises(Failure, match="Editing room is not allowed"):
        await set_topic(rooms, caller, Put("subscriptions", mine))


async def test_a_room_that_goes_meanwhile_is_not_found(rooms: RoomWorld) -> None:
    with pytest.raises(Failure, match="does not match any group"):
        await set_topic(rooms, rooms.caller("ann", "edit-room", "view-p-room"), Remove("rooms", "r-eng"))


async def test_who_never_gets_a_turn_is_told_to_try_again(rooms: RoomWorld) -> None:
    caller = rooms.caller("ann", "edit-room", "view-p-room")
    room = await rooms.store.room_by_id("r-eng", caller.id)
    assert room is not None

    async def change(one: Edit) -> bool:
        await rooms.write(Put("rooms", one.room))
        return True

    with pytest.raises(Unavailable):
        await edit(rooms.store, rooms.clock, caller, room, change)
