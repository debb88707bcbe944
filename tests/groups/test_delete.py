"""The end of rooms (spec/04 section 3)."""

import pytest

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.delete import delete
from strongback.storage.changes import Link, Put, PutIntegration
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
    await delete(world.store, caller, room)


async def test_everything_in_the_room_goes_and_nothing_else(rooms: RoomWorld) -> None:
    await end(rooms, rooms.caller("ann", "delete-p"), "r-eng")
    assert await rooms.store.get("rooms", "r-eng") is None
    assert await rooms.bodies("subscriptions", "rid", "r-eng") == []
    assert await rooms.bodies("messages", "rid", "r-eng") == []
    assert len(await rooms.bodies("subscriptions", "rid", "r-ops")) == 2
    assert len(await rooms.bodies("messages", "rid", "r-ops")) == 1


async def test_the_permission_is_that_of_the_rooms_type(rooms: RoomWorld) -> None:
    town = await rooms.room("town", "ann", kind="c")
    for permissions, rid in (([], "r-eng"), (["delete-c"], "r-eng"), (["delete-p"], town)):
        with pytest.raises(Failure) as caught:
            await end(rooms, rooms.caller("ann", *permissions), rid)
        assert (caught.value.text, caught.value.error) == ("Not allowed", "error-not-allowed")
        assert caught.value.details == {"method": "eraseRoom"}
    await end(rooms, rooms.caller("ann", "delete-c"), town)


async def test_a_role_in_the_room_counts(rooms: RoomWorld) -> None:
    ann, bob = (rooms.caller(name) for name in ("ann", "bob"))
    for caller in (ann, bob):
        caller.access.permissions["delete-p"] = frozenset({"owner"})  # type: ignore[index]
    with pytest.raises(Failure):
        await end(rooms, bob, "r-eng")
    await end(rooms, ann, "r-eng")


async def test_an_integration_keeps_its_text_bound_to_nothing(rooms: RoomWorld) -> None:
    body = {"_id": "i1", "type": "webhook-incoming", "channel": ["#eng", "#ops"]}
    links = [Link("#eng", "room", "r-eng"), Link("#ops", "room", "r-ops")]
    await rooms.write(PutIntegration(Document("i1", body), links))
    await end(rooms, rooms.caller("ann", "delete-p"), "r-eng")
    assert await rooms.store.links("i1") == [Link("#eng", "room", None), Link("#ops", "room", "r-ops")]
    await rooms.room("eng", "bob")  # a later room of that name, even of the same id, gets nothing
    assert (await rooms.store.links("i1"))[0].target is None
    assert (await rooms.body("integrations", "i1"))["channel"] == ["#eng", "#ops"]
