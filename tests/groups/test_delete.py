"""The end of rooms (spec/04 section 3)."""

import pytest

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.delete import delete
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Put, Remove
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, of which Bob is a member; both are in `ops`."""
    await world.users("ann", "bob")
    for name in ("eng", "ops"):
        rid = await world.room(name, "ann", "bob")
        message = {"_id": f"m-{name}", "rid": rid, "msg": "hello", "u": {"_id": "u-ann"}}
        await world.write(Put("messages", Document(f"m-{name}", message)))
    return world


async def end(world: RoomWorld, caller: Caller, rid: str) -> None:
    room = await world.store.room_by_id(rid, caller.id)
    assert room is not None
    await delete(world.store, world.clock, caller, room)


async def test_everything_in_the_room_goes_and_nothing_else(rooms: RoomWorld) -> None:
    await end(rooms, rooms.caller("ann", "delete-p", "view-p-room"), "r-eng")
    assert await rooms.store.get("rooms", "r-eng") is None
    assert await rooms.bodies("subscriptions", "rid", "r-eng") == []
    assert await rooms.bodies("messages", "rid", "r-eng") == []
    assert len(await rooms.bodies("subscriptions", "rid", "r-ops")) == 2
    assert len(await rooms.bodies("messages", "rid", "r-ops")) == 1


async def test_the_permission_is_that_of_the_rooms_type(rooms: RoomWorld) -> None:
    town = await rooms.room("town", "ann", kind="c")
    for permissions, rid in (([], "r-eng"), (["delete-c"], "r-eng"), (["delete-p"], town)):
        with pytest.raises(Failure) as caught:
            await end(rooms, rooms.caller("ann", "view-p-room", *permissions), rid)
        assert (caught.value.text, caught.value.error) == ("Not allowed", "error-not-allowed")
        assert caught.value.details == {"method": "eraseRoom"}
    await end(rooms, rooms.caller("ann", "delete-c"), town)


async def test_a_role_in_the_room_counts(rooms: RoomWorld) -> None:
    ann, bob = (rooms.caller(name, "view-p-room") for name in ("ann", "bob"))
    for caller in (ann, bob):
        caller.access.permissions["delete-p"] = frozenset({"owner"})  # type: ignore[index]
    with pytest.raises(Failure):
        await end(rooms, bob, "r-eng")
    await end(rooms, ann, "r-eng")


async def test_hooks_hear_of_the_room_and_write_with_it(rooms: RoomWorld) -> None:
    heard = []

    async def hook(_: Store, room: Document, changes: Changes, now: int) -> None:
        heard.append((room.body["name"], now))
        changes.steps.append(Put("settings", Document("heard", {"_id": "heard"})))

    ann = rooms.caller("ann", "delete-p", "view-p-room")
    room = await rooms.store.room_by_id("r-eng", ann.id)
    assert room is not None
    await delete(rooms.store, rooms.clock, ann, room, on_delete=(hook,))
    assert heard == [("eng", rooms.now)]
    assert await rooms.store.get("settings", "heard") is not None


async def test_who_is_put_out_meanwhile_does_not_find_it(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", "delete-p", "view-p-room")
    room = await rooms.store.room_by_id("r-eng", ann.id)
    assert room is not None
    await rooms.write(Remove("subscriptions", "r-eng-ann"))
    with pytest.raises(Failure) as caught:
        await delete(rooms.store, rooms.clock, ann, room)
    assert caught.value.error == "error-room-not-found"
    assert await rooms.store.get("rooms", "r-eng") is not None


async def test_what_goes_meanwhile_is_not_found(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", "delete-p", "view-p-room")
    room = await rooms.store.room_by_id("r-eng", ann.id)
    assert room is not None
    await end(rooms, ann, "r-eng")
    with pytest.raises(Failure, match="does not match any group"):
        await delete(rooms.store, rooms.clock, ann, room)
