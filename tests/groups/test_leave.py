"""Going out of a room, and being put out of it; its last owner stays (spec/04 section 3)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.kick import kick
from strongback.groups.leave import leave
from strongback.messages.build import Draft
from strongback.messages.place import place_by_id
from strongback.messages.post import post
from strongback.messages.sender import calling
from strongback.storage.steps import Put, Remove
from tests.groups.membership import Told, account, inside, overtaken, said, view
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

LAST_OWNER = "You are the last owner. Please set new owner before leaving the room."
SEES = ("view-p-room", "remove-user")


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, Bob is in it, Cid is not."""
    await world.users("ann", "bob", "cid")
    await world.room("eng", "ann", "bob")
    return world


async def go(world: RoomWorld, who: str, *permissions: str, rid: str = "r-eng", **more: Any) -> None:
    caller, store = world.caller(who, *(permissions or ("leave-p",))), more.pop("store", world.store)
    await leave(store, world.clock, caller, await view(world, caller, rid), **more)


async def put_out(
    world: RoomWorld, who: str, whom: str, *permissions: str, rid: str = "r-eng", **more: Any
) -> None:
    caller, store = world.caller(who, *(permissions or SEES)), more.pop("store", world.store)
    await kick(store, world.clock, caller, await view(world, caller, rid), await account(world, whom))


async def own(world: RoomWorld, name: str, rid: str = "r-eng") -> None:
    """Make a member an owner."""
    user = {"_id": f"u-{name}", "username": name}
    id = f"{rid}-{name}"
    body = {"_id": id, "rid": rid, "u": user, "roles": ["moderator", "owner"]}
    await world.write(Put("subscriptions", Document(id, body)))


# leave


async def test_a_member_who_leaves_is_told_of(rooms: RoomWorld) -> None:
    told = Told()
    await go(rooms, "bob", on_event=[told])
    assert await inside(rooms, "r-eng") == {"ann": ["owner"]}
    assert await said(rooms, "r-eng") == [("ul", "bob", "u-bob")]
    assert told.events == [("roomLeft", "r-eng", "u-bob")]
    assert told.documents[0].at == rooms.now
    room = await rooms.body("rooms", "r-eng")
    assert (room["usersCount"], room["msgs"]) == (1, 1)


@pytest.mark.parametrize(
    ("who", "permissions", "text", "error"),
    [
        ("ann", ["leave-p"], LAST_OWNER, "error-you-are-last-owner"),
        ("bob", ["leave-c"], "Not allowed", "error-not-allowed"),
        ("cid", ["leave-p"], "You are not in this room", "error-user-not-in-room"),
    ],
)
async def test_leave_refuses(
    rooms: RoomWorld, who: str, permissions: list[str], text: str, error: str
) -> None:
    told = Told()
    with pytest.raises(Failure) as caught:
        await go(rooms, who, *permissions, on_event=[told])
    assert (caught.value.text, caught.value.error) == (text, error)
    assert caught.value.details == {"method": "leaveRoom"}
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": []}
    assert await said(rooms, "r-eng") == []


async def test_an_owner_beside_another_leaves(rooms: RoomWorld) -> None:
    await own(rooms, "bob")
    await go(rooms, "ann")
    assert await inside(rooms, "r-eng") == {"bob": ["moderator", "owner"]}


async def test_a_room_without_owners_can_be_left(rooms: RoomWorld) -> None:
    await rooms.write(Remove("subscriptions", "r-eng-ann"))
    await go(rooms, "bob")
    assert await inside(rooms, "r-eng") == {}


async def test_an_owner_elsewhere_counts_nothing_here(rooms: RoomWorld) -> None:
    await rooms.room("ops", "bob", "ann")
    with pytest.raises(Failure, match=LAST_OWNER):
        await go(rooms, "ann")
    await go(rooms, "ann", rid="r-ops")


async def test_an_archived_room_is_not_left(rooms: RoomWorld) -> None:
    await rooms.room("old", "ann", "bob", archived=True)
    with pytest.raises(Failure, match="The private group, old, is archived"):
        await go(rooms, "bob", rid="r-old")


async def test_an_owner_who_becomes_the_last_one_meanwhile_stays(rooms: RoomWorld) -> None:
    await own(rooms, "bob")

    async def other() -> None:
        await go(rooms, "bob")

    with pytest.raises(Failure, match=LAST_OWNER):
        await go(rooms, "ann", store=overtaken(rooms, other))
    assert await inside(rooms, "r-eng") == {"ann": ["owner"]}


async def test_of_many_owners_who_leave_at_once_one_stays(rooms: RoomWorld) -> None:
    names = [f"o{n}" for n in range(8)]
    await rooms.users(*names)
    await rooms.room("many", *names)
    for name in names:
        await own(rooms, name, "r-many")
    tried = await asyncio.gather(*(go(rooms, name, rid="r-many") for name in names), return_exceptions=True)
    assert sorted(str(one) for one in tried if one is not None) == [LAST_OWNER]
    assert [*(await inside(rooms, "r-many")).values()] == [["moderator", "owner"]]
    assert len(await said(rooms, "r-many")) == 7


async def test_who_was_put_out_meanwhile_has_not_left(rooms: RoomWorld) -> None:
    async def other() -> None:
        await put_out(rooms, "ann", "bob")

    told = Told()
    with pytest.raises(Failure, match="You are not in this room"):
        await go(rooms, "bob", store=overtaken(rooms, other), on_event=[told])
    assert await said(rooms, "r-eng") == [("ru", "bob", "u-ann")]


async def test_an_account_that_goes_meanwhile_leaves_nothing_behind(rooms: RoomWorld) -> None:
    async def delete_account() -> None:
        await rooms.write(Remove("subscriptions", "r-eng-bob"), Remove("users", "u-bob"))

    with pytest.raises(Failure, match="You are not in this room"):
        await go(rooms, "bob", store=overtaken(rooms, delete_account))
    assert await said(rooms, "r-eng") == []


# kick


async def test_a_member_who_is_put_out(rooms: RoomWorld) -> None:
    await put_out(rooms, "ann", "bob")
    assert await inside(rooms, "r-eng") == {"ann": ["owner"]}
    assert await said(rooms, "r-eng") == [("ru", "bob", "u-ann")]


@pytest.mark.parametrize(
    ("who", "whom", "permissions", "text"),
    [
        ("ann", "bob", ["view-p-room"], "Not allowed"),
        ("ann", "bob", ["view-p-room", "kick-user-from-any-p-room"], "Not allowed"),
        ("ann", "bob", ["remove-user"], "does not match any group"),
        ("cid", "bob", [*SEES], "does not match any group"),
        ("cid", "bob", [*SEES, "kick-user-from-any-c-room"], "does not match any group"),
        ("ann", "cid", [*SEES], "User is not in this room"),
        ("ann", "ann", [*SEES], LAST_OWNER),
        ("cid", "ann", ["remove-user", "kick-user-from-any-p-room"], LAST_OWNER),
    ],
)
async def test_kick_refuses(rooms: RoomWorld, who: str, whom: str, permissions: list[str], text: str) -> None:
    with pytest.raises(Failure, match=text):
        await put_out(rooms, who, whom, *permissions)
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": []}
    assert await said(rooms, "r-eng") == []


async def test_who_may_kick_from_any_room_needs_not_be_in_it(rooms: RoomWorld) -> None:
    for _ in range(2):
        await put_out(rooms, "cid", "bob", "remove-user", "kick-user-from-any-p-room")
    assert await inside(rooms, "r-eng") == {"ann": ["owner"]}
    assert await said(rooms, "r-eng") == [("ru", "bob", "u-cid")]


async def test_nobody_is_put_out_of_an_archived_room(rooms: RoomWorld) -> None:
    await rooms.room("old", "ann", "bob", archived=True)
    with pytest.raises(Failure, match="The private group, old, is archived"):
        await put_out(rooms, "ann", "bob", rid="r-old")
    with pytest.raises(Failure, match="does not match any group"):  # outsiders are not told its name
        await put_out(rooms, "cid", "bob", rid="r-old")


async def test_who_lost_the_role_meanwhile_puts_nobody_out(rooms: RoomWorld) -> None:
    await own(rooms, "bob")
    caller = rooms.caller("bob", "view-p-room")
    caller.access.permissions["remove-user"] = frozenset({"owner"})  # type: ignore[index]

    async def take() -> None:
        user = {"_id": "u-bob", "username": "bob"}
        body = {"_id": "r-eng-bob", "rid": "r-eng", "u": user, "roles": []}
        await rooms.write(Put("subscriptions", Document("r-eng-bob", body)))

    room, ann = await view(rooms, caller, "r-eng"), await account(rooms, "ann")
    with pytest.raises(Failure, match="Not allowed"):
        await kick(overtaken(rooms, take), rooms.clock, caller, room, ann)
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": []}


async def test_who_left_meanwhile_is_not_put_out(rooms: RoomWorld) -> None:
    async def other() -> None:
        await go(rooms, "bob")

    with pytest.raises(Failure, match="User is not in this room"):
        await put_out(rooms, "ann", "bob", store=overtaken(rooms, other))
    assert await said(rooms, "r-eng") == [("ul", "bob", "u-bob")]


async def test_owners_who_put_each_other_out_leave_one(rooms: RoomWorld) -> None:
    await own(rooms, "bob")
    tried = await asyncio.gather(
        put_out(rooms, "ann", "bob"), put_out(rooms, "bob", "ann"), return_exceptions=True
    )
    (refused,) = [one for one in tried if one is not None]
    assert isinstance(refused, Failure)
    assert refused.error == "error-room-not-found"
    assert len(await inside(rooms, "r-eng")) == 1


async def test_who_is_muted_stays_so(rooms: RoomWorld) -> None:
    await rooms.room("loud", "ann", "bob", muted=["bob"])
    await put_out(rooms, "ann", "bob", rid="r-loud")
    await rooms.room("loud", "ann", "bob", muted=(await rooms.body("rooms", "r-loud"))["muted"])
    bob = await calling(rooms.store, rooms.caller("bob", "view-p-room"))
    with pytest.raises(Failure, match="You_have_been_muted"):
        await post(
            rooms.store, rooms.clock, bob, lambda: place_by_id(rooms.store, "r-loud", "u-bob"), Draft("x")
        )
