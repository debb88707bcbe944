"""Roles in rooms (spec/04 section 3)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups import room_roles
from strongback.groups.leave import leave
from strongback.groups.room_roles import LEADER, MODERATOR, OWNER, RoomRole, give, take
from strongback.storage.steps import Put, Remove
from tests.groups.membership import account, inside, overtaken, said, view
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

SETS = ("set-owner", "set-moderator", "set-leader")
LAST_OWNER = "This is the last owner. Please set a new owner before removing this one."


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, Bob and Cid are in it, Dan is not; the roles of rooms are described, but for one."""
    await world.users("ann", "bob", "cid", "dan")
    await world.room("eng", "ann", "bob", "cid")
    for id, scope, description in (
        ("owner", "Subscriptions", "Owner"),
        ("moderator", "Subscriptions", "Moderator"),
        ("leader", "Subscriptions", "Leader"),
        ("secret", "Subscriptions", ""),
        ("admin", "Users", "Admin"),
    ):
        body = {"_id": id, "name": id, "scope": scope, "description": description}
        await world.write(Put("roles", Document(id, body)))
    return world


async def change(
    world: RoomWorld, how: Any, role: RoomRole, whom: str, *permissions: str, who: str = "ann", **more: Any
) -> None:
    caller, store = world.caller(who, *(permissions or SETS)), more.pop("store", world.store)
    room = await view(world, caller, more.pop("rid", "r-eng"))
    await how(store, world.clock, caller, room, await account(world, whom), role)


async def test_a_role_is_given_and_taken(rooms: RoomWorld) -> None:
    rooms.now += 1_000
    await change(rooms, give, MODERATOR, "bob")
    await change(rooms, give, OWNER, "bob")
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": ["moderator", "owner"], "cid": []}
    bob = await rooms.body("subscriptions", "r-eng-bob")
    assert bob["_updatedAt"] == "2023-11-14T22:13:21.000Z"
    rooms.now += 1_000
    await change(rooms, take, OWNER, "ann")
    assert await inside(rooms, "r-eng") == {"ann": [], "bob": ["moderator", "owner"], "cid": []}
    assert sorted(await said(rooms, "r-eng")) == [
        ("subscription-role-added", "bob", "u-ann", "moderator"),
        ("subscription-role-added", "bob", "u-ann", "owner"),
        ("subscription-role-removed", "ann", "u-ann", "owner"),
    ]
    assert (await rooms.body("rooms", "r-eng"))["msgs"] == 3


@pytest.mark.parametrize(
    ("how", "role", "whom", "text", "error", "method"),
    [
        (give, OWNER, "ann", "User is already an owner", "error-user-already-owner", "addRoomOwner"),
        (give, LEADER, "dan", "User is not in this room", "error-user-not-in-room", "addRoomLeader"),
        (take, OWNER, "bob", "User is not an owner", "error-user-not-owner", "removeRoomOwner"),
        (
            take,
            MODERATOR,
            "bob",
            "User is not a moderator",
            "error-user-not-moderator",
            "removeRoomModerator",
        ),
        (take, LEADER, "ann", "User is not a leader", "error-user-not-leader", "removeRoomLeader"),
        (take, OWNER, "dan", "User is not in this room", "error-user-not-in-room", "removeRoomOwner"),
        (take, OWNER, "ann", LAST_OWNER, "error-remove-last-owner", "removeRoomOwner"),
    ],
)
async def test_refusals(
    rooms: RoomWorld, how: Any, role: RoomRole, whom: str, text: str, error: str, method: str
) -> None:
    with pytest.raises(Failure) as caught:
        await change(rooms, how, role, whom)
    assert (caught.value.text, caught.value.error) == (text, error)
    assert caught.value.details == {"method": method}
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": [], "cid": []}
    assert await said(rooms, "r-eng") == []


@pytest.mark.parametrize("role", [OWNER, MODERATOR, LEADER])
async def test_each_role_has_its_own_permission(rooms: RoomWorld, role: RoomRole) -> None:
    for how, whom in ((give, "bob"), (take, "bob")):
        others = [one for one in SETS if one != f"set-{role.id}"]
        with pytest.raises(Failure, match="Not allowed"):
            await change(rooms, how, role, whom, *others)
        await change(rooms, how, role, whom, f"set-{role.id}")


async def test_an_archived_room_keeps_its_roles(rooms: RoomWorld) -> None:
    await rooms.room("old", "ann", "bob", archived=True)
    with pytest.raises(Failure, match="The private group, old, is archived"):
        await change(rooms, give, OWNER, "bob", rid="r-old")


async def test_of_owners_who_take_the_role_from_each_other_one_stays(rooms: RoomWorld) -> None:
    await change(rooms, give, OWNER, "bob")
    tried = await asyncio.gather(
        change(rooms, take, OWNER, "ann"),
        change(rooms, take, OWNER, "bob", who="cid"),
        return_exceptions=True,
    )
    assert [str(one) for one in tried if one is not None] == [LAST_OWNER]
    assert sorted(map(len, (await inside(rooms, "r-eng")).values())) == [0, 0, 1]


async def test_taking_and_leaving_at_once_leave_an_owner(rooms: RoomWorld) -> None:
    await change(rooms, give, OWNER, "bob")

    async def go() -> None:
        caller = rooms.caller("bob", "leave-p")
        await leave(rooms.store, rooms.clock, caller, await view(rooms, caller, "r-eng"))

    with pytest.raises(Failure, match=LAST_OWNER):
        await change(rooms, take, OWNER, "ann", store=overtaken(rooms, go))
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "cid": []}


async def test_a_role_that_was_given_meanwhile_is_kept(rooms: RoomWorld) -> None:
    async def other() -> None:
        await change(rooms, give, LEADER, "bob")

    await change(rooms, give, MODERATOR, "bob", store=overtaken(rooms, other))
    assert (await inside(rooms, "r-eng"))["bob"] == ["leader", "moderator"]


async def test_who_went_meanwhile_gets_no_role(rooms: RoomWorld) -> None:
    async def go() -> None:
        await rooms.write(Remove("subscriptions", "r-eng-bob"))

    with pytest.raises(Failure, match="User is not in this room"):
        await change(rooms, give, OWNER, "bob", store=overtaken(rooms, go))
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "cid": []}
    assert await said(rooms, "r-eng") == []


async def test_who_has_a_described_role(rooms: RoomWorld) -> None:
    async def write(name: str, *roles: str) -> None:
        body = {"_id": f"r-eng-{name}", "rid": "r-eng", "u": {"_id": f"u-{name}", "username": name}}
        await rooms.write(
            Put("subscriptions", Document(f"r-eng-{name}", {**body, "roles": [*roles], "t": "p"}))
        )

    await write("cid", "secret", "leader")
    await write("bob", "secret")
    found = await room_roles.holders(rooms.store, rooms.caller("ann"), "r-eng")
    assert found == [
        {"_id": "r-eng-ann", "rid": "r-eng", "u": {"_id": "u-ann", "username": "ann"}, "roles": ["owner"]},
        {
            "_id": "r-eng-cid",
            "rid": "r-eng",
            "u": {"_id": "u-cid", "username": "cid"},
            "roles": ["secret", "leader"],
        },
    ]
    assert await room_roles.moderators(rooms.store, "r-eng") == []
    await write("bob", "moderator")
    assert await room_roles.moderators(rooms.store, "r-eng") == [{"_id": "u-bob", "username": "bob"}]


async def test_real_names_where_the_setting_asks_for_them(rooms: RoomWorld) -> None:
    body = {"_id": "u-ann", "username": "ann", "active": True, "name": "Ann Newname"}
    await rooms.write(Put("users", Document("u-ann", body)))
    caller = rooms.caller("ann", UI_Use_Real_Name=True)
    (one,) = await room_roles.holders(rooms.store, caller, "r-eng")
    assert one["u"] == {"_id": "u-ann", "username": "ann", "name": "Ann Newname"}
    await rooms.write(Remove("users", "u-ann"))
    (one,) = await room_roles.holders(rooms.store, caller, "r-eng")
    assert one["u"] == {"_id": "u-ann", "username": "ann"}
