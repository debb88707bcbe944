"""People who are brought into a room (spec/04 sections 3 and 5)."""

from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups import invite as invitations
from strongback.groups.delete import delete
from strongback.storage.steps import Put, Remove
from tests.groups.membership import Told, inside, overtaken, said, view
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

ADD = "add-user-to-joined-room"
STAMP = "2023-11-14T22:13:20.000Z"


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, Bob is in it, Cid and Dan are not."""
    await world.users("ann", "bob", "cid", "dan")
    await world.room("eng", "ann", "bob", fname="Engineering")
    return world


async def invite(world: RoomWorld, who: str, *names: str, permissions: Any = (ADD,), **more: Any) -> None:
    caller = world.caller(who, *permissions)
    store = more.pop("store", world.store)
    room = await view(world, caller, more.pop("rid", "r-eng"))
    await invitations.invite(store, world.clock, caller, room, [f"u-{name}" for name in names], **more)


async def test_a_member_who_was_invited(rooms: RoomWorld) -> None:
    await rooms.write(Put("users", Document("u-cid", {"_id": "u-cid", "username": "cid", "name": "Cid"})))
    await invite(rooms, "ann", "cid")
    (made,) = [
        one for one in await rooms.bodies("subscriptions", "rid", "r-eng") if one["u"]["_id"] == "u-cid"
    ]
    assert len(made.pop("_id")) == 24
    assert made == {
        "rid": "r-eng",
        "t": "p",
        "name": "eng",
        "fname": "Engineering",
        "u": {"_id": "u-cid", "username": "cid", "name": "Cid"},
        "open": True,
        "alert": True,
        "unread": 1,
        "userMentions": 1,
        "groupMentions": 0,
        "ts": STAMP,
        "_updatedAt": STAMP,
    }
    assert await said(rooms, "r-eng") == [("au", "cid", "u-ann")]
    (message,) = await rooms.bodies("messages", "rid", "r-eng")
    assert (message["ts"], message["groupable"]) == (STAMP, False)
    room = await rooms.body("rooms", "r-eng")
    assert (room["usersCount"], room["msgs"]) == (3, 1)
    assert not {"lm", "lastMessage"} & room.keys()


async def test_each_new_member_is_told_of_once(rooms: RoomWorld) -> None:
    told = Told()
    await invite(rooms, "ann", "cid", "bob", "dan", on_event=[told])
    assert told.events == [("roomJoined", "r-eng", "u-cid"), ("roomJoined", "r-eng", "u-dan")]
    assert all("services" not in event.user.body for event in told.documents)
    await invite(rooms, "ann", "cid", "bob", "dan", on_event=[told])
    assert len(told.events) == 2
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": [], "cid": [], "dan": []}


async def test_what_a_hook_owes_is_written_with_it_or_not_at_all(rooms: RoomWorld) -> None:
    async def owes(changes: Any, event: Any) -> None:
        changes.steps.append(Put("rooms", Document("r-owed", {"_id": "r-owed", "t": "c", "name": "eng"})))

    with pytest.raises(Exception, match="keep changing"):  # the name is taken: the commit fails whole
        await invite(rooms, "ann", "cid", on_event=[owes])
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": []}
    assert await said(rooms, "r-eng") == []


@pytest.mark.parametrize(
    ("who", "permissions", "allowed"),
    [
        ("ann", [ADD], True),
        ("dan", [ADD], False),
        ("dan", ["add-user-to-any-p-room"], True),
        ("dan", ["add-user-to-any-c-room"], False),
        ("ann", ["add-user-to-any-c-room"], False),
        ("ann", [], False),
    ],
)
async def test_who_may_invite(rooms: RoomWorld, who: str, permissions: list[str], allowed: bool) -> None:
    if allowed:
        await invite(rooms, who, "cid", permissions=permissions)
        assert "cid" in await inside(rooms, "r-eng")
        return
    with pytest.raises(Failure) as caught:
        await invite(rooms, who, "cid", permissions=permissions)
    assert (caught.value.error, caught.value.details) == ("error-not-allowed", {"method": "addUsersToRoom"})
    assert "cid" not in await inside(rooms, "r-eng")


async def test_nobody_comes_into_an_archived_room(rooms: RoomWorld) -> None:
    await rooms.room("old", "ann", archived=True)
    with pytest.raises(Failure, match="The private group, old, is archived"):
        await invite(rooms, "ann", "cid", rid="r-old")
    with pytest.raises(Failure, match="Not allowed"):  # whoever may not invite learns nothing
        await invite(rooms, "dan", "cid", rid="r-old")


async def test_who_was_put_out_meanwhile_invites_nobody(rooms: RoomWorld) -> None:
    async def put_out() -> None:
        await rooms.write(Remove("subscriptions", "r-eng-bob"))

    with pytest.raises(Failure, match="Not allowed"):
        await invite(rooms, "bob", "cid", store=overtaken(rooms, put_out))
    assert await inside(rooms, "r-eng") == {"ann": ["owner"]}


async def test_who_lost_the_role_meanwhile_invites_nobody(rooms: RoomWorld) -> None:
    caller = rooms.caller("ann")
    caller.access.permissions[ADD] = frozenset({"owner"})  # type: ignore[index]

    async def take() -> None:
        user = {"_id": "u-ann", "username": "ann"}
        body = {"_id": "r-eng-ann", "rid": "r-eng", "u": user, "roles": []}
        await rooms.write(Put("subscriptions", Document("r-eng-ann", body)))

    room = await view(rooms, caller, "r-eng")
    with pytest.raises(Failure, match="Not allowed"):
        await invitations.invite(overtaken(rooms, take), rooms.clock, caller, room, ["u-cid"])
    assert await inside(rooms, "r-eng") == {"ann": [], "bob": []}


async def test_a_room_that_was_archived_meanwhile_takes_nobody(rooms: RoomWorld) -> None:
    async def archive() -> None:
        await rooms.room("eng", archived=True)

    with pytest.raises(Failure, match="The private group, eng, is archived"):
        await invite(rooms, "ann", "cid", store=overtaken(rooms, archive))


async def test_a_room_that_went_meanwhile_is_not_found(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", "delete-p", "view-p-room")
    room = await view(rooms, ann, "r-eng")

    async def end() -> None:
        await delete(rooms.store, rooms.clock, ann, room)

    with pytest.raises(Failure, match="does not match any group"):
        await invite(rooms, "ann", "cid", store=overtaken(rooms, end))
    assert await rooms.bodies("subscriptions", "rid", "r-eng") == []
    assert await rooms.bodies("messages", "rid", "r-eng") == []


async def test_who_came_meanwhile_stays_as_it_is(rooms: RoomWorld) -> None:
    async def come() -> None:
        await invite(rooms, "ann", "cid")
        rooms.now += 1

    await invite(rooms, "bob", "cid", "dan", store=overtaken(rooms, come))
    assert await said(rooms, "r-eng") == [("au", "cid", "u-ann"), ("au", "dan", "u-bob")]


async def test_an_account_that_goes_meanwhile_is_no_member(rooms: RoomWorld) -> None:
    async def go() -> None:
        await rooms.write(Remove("users", "u-cid"))

    caller = rooms.caller("ann", ADD)
    room = await view(rooms, caller, "r-eng")
    await invitations.invite(overtaken(rooms, go), rooms.clock, caller, room, ["u-cid"])
    assert await inside(rooms, "r-eng") == {"ann": ["owner"], "bob": []}


async def test_whom_an_invitation_names(rooms: RoomWorld) -> None:
    await rooms.write(Put("users", Document("u-odd", {"_id": "u-odd", "active": True})))
    caller = rooms.caller("ann")

    async def found(ids: list[str], usernames: list[str]) -> list[str]:
        return await invitations.find(rooms.store, caller, ids, usernames)

    assert await found(["u-cid", "cid", "u-cid"], ["CID", "dan", "u-bob"]) == ["u-cid", "u-dan"]
    for ids, usernames in ((["u-nobody"], ["nobody"]), (["u-odd"], [])):
        with pytest.raises(Failure, match="Cannot invite if no valid users are provided"):
            await found(ids, usernames)
    few = rooms.caller("ann", API_User_Limit=2)
    with pytest.raises(Failure, match="User Limit Exceeded"):
        await invitations.find(rooms.store, few, ["u-cid"], ["dan", "bob"])


# everybody


async def test_everybody_comes(rooms: RoomWorld) -> None:
    gone = {"_id": "u-eve", "username": "eve", "active": False}
    await rooms.write(
        Put("users", Document("u-eve", gone)), Put("users", Document("u-odd", {"_id": "u-odd"}))
    )
    caller, told = rooms.caller("ann", "add-all-to-room"), Told()
    room = await view(rooms, caller, "r-eng")
    for active_only, more in ((True, []), (False, ["eve"])):
        await invitations.add_all(
            rooms.store, rooms.clock, caller, room, active_only=active_only, on_event=[told]
        )
        assert sorted(await inside(rooms, "r-eng")) == ["ann", "bob", "cid", "dan", *more]
    assert told.events == [("roomJoined", "r-eng", f"u-{name}") for name in ("cid", "dan", "eve")]
    assert sorted(await said(rooms, "r-eng")) == [("uj", name, f"u-{name}") for name in ("cid", "dan", "eve")]


async def test_everybody_is_too_many(rooms: RoomWorld) -> None:
    for limit, allowed in ((3, False), (4, True)):
        caller = rooms.caller("ann", "add-all-to-room", API_User_Limit=limit)
        room = await view(rooms, caller, "r-eng")
        if allowed:
            await invitations.add_all(rooms.store, rooms.clock, caller, room, active_only=False)
        else:
            with pytest.raises(Failure, match="User Limit Exceeded"):
                await invitations.add_all(rooms.store, rooms.clock, caller, room, active_only=False)
            assert len(await inside(rooms, "r-eng")) == 2


async def test_everybody_takes_a_permission_of_the_account(rooms: RoomWorld) -> None:
    caller = rooms.caller("ann")
    caller.access.permissions["add-all-to-room"] = frozenset({"owner"})  # type: ignore[index]
    room = await view(rooms, caller, "r-eng")
    with pytest.raises(Failure) as caught:
        await invitations.add_all(rooms.store, rooms.clock, caller, room, active_only=False)
    assert (caught.value.error, caught.value.details) == ("error-not-allowed", {"method": "addAllToRoom"})
