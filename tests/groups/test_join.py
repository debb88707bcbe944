"""Joining a public channel (spec/04 sections 5 and 6)."""

import asyncio

import pytest

from strongback.errors import Failure
from strongback.groups.join import join
from tests.groups.membership import Told, inside, overtaken, said, view
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns the channels `town` and `club`, which has the join code `sesame`, and the group `eng`."""
    await world.users("ann", "cid")
    await world.room("town", "ann", kind="c")
    await world.room("club", "ann", kind="c", joinCode="sesame")
    await world.room("eng", "ann")
    return world


async def come(
    world: RoomWorld, rid: str, code: str | None = None, *permissions: str, told: Told | None = None
) -> None:
    caller = world.caller("cid", *(permissions or ("view-c-room",)))
    room, hooks = await view(world, caller, rid), [told or Told()]
    await join(world.store, world.clock, caller, room, code, on_event=hooks)


async def test_who_joins_is_told_of_once(rooms: RoomWorld) -> None:
    told = Told()
    for _ in range(2):
        await come(rooms, "r-town", told=told)
    assert await inside(rooms, "r-town") == {"ann": ["owner"], "cid": []}
    assert await said(rooms, "r-town") == [("uj", "cid", "u-cid")]
    assert told.events == [("roomJoined", "r-town", "u-cid")]
    (mine,) = await rooms.bodies("subscriptions", "user_id", "u-cid")
    assert (mine["open"], mine["alert"], mine["unread"], mine["userMentions"]) == (True, True, 1, 1)


async def test_many_who_are_one_join_once(rooms: RoomWorld) -> None:
    await asyncio.gather(*(come(rooms, "r-town") for _ in range(8)))
    assert await said(rooms, "r-town") == [("uj", "cid", "u-cid")]


@pytest.mark.parametrize(
    ("code", "permissions", "allowed"),
    [
        ("sesame", ["view-c-room"], True),
        (None, ["view-c-room", "join-without-join-code"], True),
        (None, ["view-c-room"], False),
        ("", ["view-c-room"], False),
        ("Sesame", ["view-c-room"], False),
        ("\ud800", ["view-c-room"], False),
    ],
)
async def test_a_channel_with_a_code(
    rooms: RoomWorld, code: str | None, permissions: list[str], allowed: bool
) -> None:
    if allowed:
        await come(rooms, "r-club", code, *permissions)
        assert "cid" in await inside(rooms, "r-club")
        return
    with pytest.raises(Failure) as caught:
        await come(rooms, "r-club", code, *permissions)
    assert (caught.value.text, caught.value.error) == ("Invalid Room Password", "error-code-invalid")
    assert caught.value.details == {"method": "joinRoom"}
    assert "cid" not in await inside(rooms, "r-club")


async def test_a_member_needs_no_code(rooms: RoomWorld) -> None:
    await come(rooms, "r-club", "sesame")
    await come(rooms, "r-club")


@pytest.mark.parametrize(
    ("rid", "permission", "text"),
    [
        ("r-town", "view-p-room", "Not allowed"),
        ("r-eng", "view-c-room", "Not allowed"),
        ("r-talk", "view-c-room", "Not allowed"),  # seen through its parent
        ("r-old", "view-c-room", "The channel, old, is archived"),
    ],
)
async def test_what_can_not_be_joined(rooms: RoomWorld, rid: str, permission: str, text: str) -> None:
    await rooms.room("old", kind="c", archived=True)
    await rooms.room("talk", "ann", prid="r-town")
    with pytest.raises(Failure, match=text):
        await come(rooms, rid, None, permission)
    assert await rooms.bodies("subscriptions", "user_id", "u-cid") == []


async def test_a_channel_that_becomes_private_meanwhile_is_not_joined(rooms: RoomWorld) -> None:
    async def close() -> None:
        await rooms.room("town", "ann")

    caller = rooms.caller("cid", "view-c-room")
    room = await view(rooms, caller, "r-town")
    with pytest.raises(Failure, match="Not allowed"):
        await join(overtaken(rooms, close), rooms.clock, caller, room, None)
    assert await inside(rooms, "r-town") == {"ann": ["owner"]}
