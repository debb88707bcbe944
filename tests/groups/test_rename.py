"""New names of rooms (spec/04 section 3)."""

import asyncio
import time
from typing import Any

import pytest

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.rename import rename
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.selections import Having
from strongback.storage.steps import Put
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

LATER = "2023-11-14T22:13:21.000Z"


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, of which Bob is a member; nobody is in `ops`."""
    await world.users("ann", "bob", "Cid")
    await world.room("eng", "ann", "bob", fname="eng")
    await world.room("ops")
    world.now += 1000
    return world


def editor(world: RoomWorld, **settings: Any) -> Caller:
    return world.caller("ann", "edit-room", "view-p-room", **settings)


async def give_name(world: RoomWorld, caller: Caller, name: str, rid: str = "r-eng", **more: Any) -> None:
    room = await world.store.room_by_id(rid, caller.id)
    assert room is not None
    await rename(world.store, world.clock, caller, room, name, **more)


async def test_the_room_its_members_and_its_messages_say_the_new_name(rooms: RoomWorld) -> None:
    before = await rooms.body("rooms", "r-eng")
    await give_name(rooms, editor(rooms), " tech ")
    after = await rooms.body("rooms", "r-eng")
    assert after == before | {"name": "tech", "fname": "tech", "_updatedAt": LATER, "msgs": 1}
    for member in await rooms.bodies("subscriptions", "rid", "r-eng"):
        assert (member["name"], member["fname"], member["_updatedAt"]) == ("tech", "tech", LATER)
    (said,) = await rooms.bodies("messages", "rid", "r-eng")
    assert (said["t"], said["msg"], said["u"]["username"], said["ts"]) == ("r", "tech", "ann", LATER)
    assert await rooms.store.room_by_name("eng", "u-ann") is None
    found = await rooms.store.room_by_name("tech", "u-ann")
    assert found is not None
    assert found.id == "r-eng"


async def test_what_nobody_is_shown_stays(rooms: RoomWorld) -> None:
    await rooms.room("closed", "ann", joinCode="secret", unknown={"a": [1]})
    await give_name(rooms, editor(rooms), "shut", "r-closed")
    body = await rooms.body("rooms", "r-closed")
    assert (body["joinCode"], body["unknown"]) == ("secret", {"a": [1]})


async def test_its_own_name_changes_nothing_or_is_refused(rooms: RoomWorld) -> None:
    before = await rooms.body("rooms", "r-eng")
    await give_name(rooms, editor(rooms), "eng")
    assert await rooms.body("rooms", "r-eng") == before
    assert await rooms.bodies("messages", "rid", "r-eng") == []
    with pytest.raises(Failure, match=r"^the same$"):
        await give_name(rooms, editor(rooms), "eng", unchanged="the same")
    with pytest.raises(Failure, match="Editing room is not allowed"):
        await give_name(rooms, rooms.caller("ann", "view-p-room"), "eng")


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("a b", "error-invalid-room-name", "a b is not a valid room name."),
        ("System", "error-invalid-room-name", "System is not a valid room name."),
        ("ops", "error-duplicate-channel-name", "A channel with name 'ops' exists"),
        ("old", "error-archived-duplicate-name", "There's an archived channel with name old"),
        ("bob", "error-duplicate-handle", "A room, team or user with name 'bob' already exists"),
        ("cid", "error-duplicate-handle", "A room, team or user with name 'cid' already exists"),
        ("all", "error-duplicate-handle", "A room, team or user with name 'all' already exists"),
    ],
)
async def test_refused_names(rooms: RoomWorld, name: str, error: str, text: str) -> None:
    await rooms.room("old", archived=True)
    with pytest.raises(Failure) as caught:
        await give_name(rooms, editor(rooms), name)
    assert (caught.value.error, caught.value.text) == (error, text)
    assert (await rooms.body("rooms", "r-eng"))["name"] == "eng"


async def test_usernames_that_differ_in_case_alone_both_count(rooms: RoomWorld) -> None:
    await rooms.users("dee", "DEE")
    with pytest.raises(Failure) as caught:
        await give_name(rooms, editor(rooms), "Dee")
    assert caught.value.error == "error-duplicate-handle"


async def test_of_two_rooms_one_gets_the_name(rooms: RoomWorld) -> None:
    await rooms.room("web", "ann")
    names = [give_name(rooms, editor(rooms), "tech", rid) for rid in ("r-eng", "r-web")]
    first, second = await asyncio.gather(*names, return_exceptions=True)
    failed = [one for one in (first, second) if isinstance(one, Failure)]
    assert [one.error for one in failed] == ["error-duplicate-channel-name"]
    found = [(await rooms.body("rooms", rid))["name"] for rid in ("r-eng", "r-web")]
    assert sorted(found) in (["eng", "tech"], ["tech", "web"])


async def test_hooks_hear_of_the_new_name_and_write_with_it(rooms: RoomWorld) -> None:
    heard = []

    async def hook(_: Store, room: Document, changes: Changes, now: int) -> None:
        heard.append((room.id, room.body["name"], now))
        changes.steps.append(Put("settings", Document("heard", {"_id": "heard"})))

    await give_name(rooms, editor(rooms), "tech", on_rename=(hook,))
    assert heard == [("r-eng", "tech", rooms.now)]
    assert await rooms.store.get("settings", "heard") is not None
    await give_name(rooms, editor(rooms), "tech", on_rename=(hook,))
    assert len(heard) == 1


async def test_ten_thousand_members_cost_one_statement(rooms: RoomWorld) -> None:
    body: dict[str, Any] = {"rid": "r-eng", "t": "p", "name": "eng", "roles": []}
    for start in range(0, 10_000, 1_000):
        steps = [
            Put("subscriptions", Document(f"s{n}", body | {"_id": f"s{n}", "u": {"_id": f"v{n}"}}))
            for n in range(start, start + 1_000)
        ]
        await rooms.write(*steps)
    steps_run: list[int] = []

    async def hook(_: Store, room: Document, changes: Changes, now: int) -> None:
        steps_run.append(len(changes.steps))

    began = time.perf_counter()
    await give_name(rooms, editor(rooms), "tech", on_rename=(hook,))
    assert steps_run == [3]
    assert time.perf_counter() - began < 2
    found = await rooms.store.select(Having("subscriptions", "user_id", "v9999"))
    assert [row.decode().body["name"] for row in found] == ["tech"]
