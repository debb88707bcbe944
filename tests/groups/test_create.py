"""New rooms (spec/04 sections 3, 4 and 5)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.create import EXTRA, create
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

STAMP = "2023-11-14T22:13:20.000Z"


@pytest.fixture
async def people(world: RoomWorld) -> RoomWorld:
    """Ann, Bob and Cid."""
    await world.users("ann", "bob", "cid")
    return world


async def make(world: RoomWorld, name: str, kind: str = "p", **more: Any) -> Document:
    return await create(world.store, world.clock, world.caller("ann"), kind, name, **more)


async def test_a_group_as_it_is_stored(people: RoomWorld) -> None:
    room = await make(people, "eng", custom_fields={"floor": 2})
    assert room.body == {
        "_id": room.id,
        "t": "p",
        "name": "eng",
        "fname": "eng",
        "u": {"_id": "u-ann", "username": "ann"},
        "msgs": 0,
        "usersCount": 1,
        "ro": False,
        "customFields": {"floor": 2},
        "default": False,
        "sysMes": True,
        "ts": STAMP,
        "_updatedAt": STAMP,
    }
    assert len(room.id) == 24
    assert await people.body("rooms", room.id) == room.body
    (mine,) = await people.bodies("subscriptions", "rid", room.id)
    assert mine["u"] == {"_id": "u-ann", "username": "ann"}
    assert (mine["roles"], mine["ls"], mine["ts"]) == (["owner"], STAMP, STAMP)
    assert (mine["open"], mine["alert"], mine["unread"]) == (True, False, 0)
    assert (mine["name"], mine["fname"], mine["t"]) == ("eng", "eng", "p")
    assert mine["customFields"] == {"floor": 2}
    assert "prid" not in mine


async def test_members_are_added_once_and_unknown_ones_skipped(people: RoomWorld) -> None:
    room = await make(people, "eng", members=["bob", "BOB", "nobody", "ann", "cid"])
    found = await people.bodies("subscriptions", "rid", room.id)
    assert sorted(one["u"]["username"] for one in found) == ["ann", "bob", "cid"]
    assert sorted(one["u"]["username"] for one in found if "roles" in one) == ["ann"]
    assert room.body["usersCount"] == (await people.body("rooms", room.id))["usersCount"] == 3


async def test_the_creator_may_stay_outside(people: RoomWorld) -> None:
    room = await make(people, "eng", members=["bob"], exclude_self=True)
    (only,) = await people.bodies("subscriptions", "rid", room.id)
    assert only["u"]["username"] == "bob"
    assert "roles" not in only
    assert room.body["usersCount"] == 1


async def test_extra_data_is_cut_to_a_list(people: RoomWorld) -> None:
    sent = {"topic": "t", "broadcast": True, "_id": "mine", "archived": True, "msgs": 9, "ro": False}
    hidden = {"joinCode": "x", "default": True, "t": "c", "u": {"_id": "u-bob"}}
    room = await make(people, "eng", extra=sent | hidden)
    assert (room.body["topic"], room.body["broadcast"], room.body["ro"]) == ("t", True, True)
    assert room.id != "mine"
    assert (room.body["msgs"], room.body["t"], room.body["default"]) == (0, "p", False)
    assert room.body["u"]["_id"] == "u-ann"
    assert not {"archived", "joinCode"} & room.body.keys()


@pytest.mark.parametrize("key", EXTRA)
async def test_what_is_on_the_list_is_stored_as_sent(people: RoomWorld, key: str) -> None:
    room = await make(people, "eng", extra={key: "x"}, members=["bob"])
    assert room.body[key] == (await people.body("rooms", room.id))[key] == "x"
    members = await people.bodies("subscriptions", "rid", room.id)
    assert [member.get("prid") for member in members] == ["x" if key == "prid" else None] * 2


async def test_who_may_write(people: RoomWorld) -> None:
    cases: list[tuple[bool, object, bool]] = [
        (False, False, False),
        (True, False, True),
        (False, True, True),
        (False, "true", False),
    ]
    for number, (read_only, broadcast, expected) in enumerate(cases):
        room = await make(people, f"eng{number}", read_only=read_only, extra={"broadcast": broadcast})
        assert room.body["ro"] is expected


async def test_encryption_by_default(people: RoomWorld) -> None:
    both = {"E2E_Enable": True, "E2E_Enabled_Default_PrivateRooms": True}
    caller = people.caller("ann", **both)
    made = [
        await create(people.store, people.clock, caller, "p", "one"),
        await create(people.store, people.clock, caller, "p", "two", extra={"encrypted": False}),
        await create(people.store, people.clock, caller, "c", "three"),
        await make(people, "four"),
    ]
    assert [room.body.get("encrypted") for room in made] == [True, False, None, None]


@pytest.mark.parametrize("kind", ["p", "c"])
@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("   ", "error-invalid-name", "Invalid name"),
        ("with space", "error-invalid-room-name", "with space is not a valid room name."),
        ("é", "error-invalid-room-name", "é is not a valid room name."),
        ("a\0b", "error-invalid-room-name", "a\0b is not a valid room name."),
        ("Admin", "error-invalid-room-name", "Admin is not a valid room name."),
        ("taken", "error-duplicate-channel-name", "A channel with name 'taken' exists"),
        ("town", "error-duplicate-channel-name", "A channel with name 'town' exists"),
        ("old", "error-archived-duplicate-name", "There's an archived channel with name old"),
    ],
)
async def test_refused_names(people: RoomWorld, kind: str, name: str, error: str, text: str) -> None:
    await people.room("taken")
    await people.room("town", kind="c")
    await people.room("old", archived=True)
    with pytest.raises(Failure) as caught:
        await make(people, name, kind)
    assert (caught.value.error, caught.value.text) == (error, text)


async def test_the_name_is_trimmed_and_its_pattern_a_setting(people: RoomWorld) -> None:
    assert (await make(people, "  eng  ")).body["name"] == "eng"
    caller = people.caller("ann", UTF8_Channel_Names_Validation="[a-z]+")
    with pytest.raises(Failure, match="eng2 is not a valid room name"):
        await create(people.store, people.clock, caller, "p", "eng2")


async def test_of_many_at_once_one_gets_the_name(people: RoomWorld) -> None:
    made = await asyncio.gather(*(make(people, "eng") for _ in range(8)), return_exceptions=True)
    rooms = [one for one in made if isinstance(one, Document)]
    failures = [one for one in made if isinstance(one, Failure)]
    assert (len(rooms), len(failures)) == (1, 7)
    assert {one.error for one in failures} == {"error-duplicate-channel-name"}
    assert len(await people.bodies("subscriptions", "user_id", "u-ann")) == 1
