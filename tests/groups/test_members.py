"""Who is in a room (spec/04 section 3)."""

import json
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.members import members
from strongback.groups.online import online
from strongback.listing import Wanted
from strongback.storage.steps import Put
from tests.groups.membership import view
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

PEOPLE: list[tuple[str, dict[str, Any]]] = [
    ("ann", {"name": "Zoe", "status": "online", "statusConnection": "online"}),
    ("bob", {"name": "Yan", "status": "away", "statusConnection": "away", "bio": "likes ann"}),
    ("cid", {"name": "Ada", "status": "offline", "nickname": "The (Kid)"}),
    ("dan", {"status": "busy", "statusConnection": "online", "emails": [{"address": "d@kid.org"}]}),
    ("eve", {"status": "online", "statusConnection": "online", "active": False}),
    ("flo", {"status": "offline", "statusConnection": "online", "roles": ["kid"]}),
]


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Everybody but Flo is in `eng`; Eve is deactivated."""
    for name, more in PEOPLE:
        body = {"_id": f"u-{name}", "username": name, "active": True, "services": {"x": 1}, **more}
        await world.write(Put("users", Document(f"u-{name}", body)))
    await world.room("eng", "ann", "bob", "cid", "dan", "eve")
    await world.room("ops", "flo", "ann")
    return world


async def listed(world: RoomWorld, wanted: Wanted | None = None, **more: Any) -> list[dict[str, Any]]:
    caller = world.caller("ann", **more.pop("settings", {}))
    room = await view(world, caller, "r-eng")
    found = await members(world.store, caller, room, wanted or Wanted(), matching_ms=1_000, **more)
    return [json.loads(text) for text in found.texts]


async def names(world: RoomWorld, wanted: Wanted | None = None, **more: Any) -> list[str]:
    return [member["username"] for member in await listed(world, wanted, **more)]


async def test_members_stand_by_presence_and_username(rooms: RoomWorld) -> None:
    assert await names(rooms) == ["ann", "dan", "bob", "cid"]
    assert await names(rooms, Wanted(sort={"username": -1})) == ["dan", "ann", "bob", "cid"]
    assert await names(rooms, Wanted(sort={})) == ["ann", "dan", "bob", "cid"]
    real = {"UI_Use_Real_Name": True}
    assert await names(rooms, settings=real) == ["dan", "ann", "bob", "cid"]


async def test_a_member_as_it_is_shown(rooms: RoomWorld) -> None:
    everybody = await listed(rooms)
    assert everybody[0] == {"_id": "u-ann", "username": "ann", "name": "Zoe", "status": "online"}
    assert everybody[3]["nickname"] == "The (Kid)"
    searched = await listed(rooms, text="ann")
    assert searched[0] == everybody[0]
    assert {key for member in [*everybody, *searched] for key in member} == {
        "_id",
        "username",
        "name",
        "status",
        "nickname",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann", ["ann", "bob"]),
        ("ANN", ["ann", "bob"]),
        ("kid", ["cid"]),
        ("(kid)", ["cid"]),
        ("(*LIMIT_MATCH=1)x", []),
        ("a.", []),
        ("\\", []),
        ("[", []),
        ("", ["ann", "dan", "bob", "cid"]),
    ],
)
async def test_what_is_searched_for(rooms: RoomWorld, text: str, found: list[str]) -> None:
    assert await names(rooms, text=text) == found


async def test_where_it_is_searched_is_a_setting(rooms: RoomWorld) -> None:
    wide = {"Accounts_SearchFields": "emails.address, ,username,"}
    assert await names(rooms, text="kid", settings=wide) == ["dan"]
    assert await names(rooms, text="zoe", settings=wide) == []


@pytest.mark.parametrize(
    ("statuses", "found"),
    [
        (["online"], ["ann"]),
        (["busy", "away"], ["dan", "bob"]),
        (["$ne"], []),
        ([], []),
        (None, ["ann", "dan", "bob", "cid"]),
    ],
)
async def test_by_status(rooms: RoomWorld, statuses: list[str] | None, found: list[str]) -> None:
    assert await names(rooms, statuses=statuses) == found


async def test_all_conditions_hold_at_once(rooms: RoomWorld) -> None:
    caller = rooms.caller("ann")
    wanted = Wanted(0, 1, filter={"$or": [{"username": "ann"}, {"username": "bob"}, {"username": "cid"}]})
    room = await view(rooms, caller, "r-eng")
    found = await members(
        rooms.store, caller, room, wanted, text="ann", statuses=["online", "away"], matching_ms=1_000
    )
    assert ([json.loads(text)["username"] for text in found.texts], found.total) == (["ann"], 2)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Wanted(sort={"name": 1}), "error-invalid-sort"),
        (Wanted(sort={"username": 1, "roles": 1}), "error-invalid-sort"),
        (Wanted(filter={"emails.address": "d@kid.org"}), "error-invalid-query"),
        (Wanted(filter={"services.x": 1}), "error-invalid-query"),
        (Wanted(filter={"$nor": [{"username": "x"}]}), "error-invalid-query"),
        (Wanted(filter={"$or": [{"statusConnection": "online"}]}), "error-invalid-query"),
    ],
)
async def test_what_is_not_shown_can_not_be_asked(rooms: RoomWorld, wanted: Wanted, error: str) -> None:
    with pytest.raises(Failure) as caught:
        await listed(rooms, wanted)
    assert caught.value.error == error


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({"username": 1}, {"_id", "username"}),
        ({"emails": 1, "services": 1}, {"_id"}),
        ({"username": 0}, {"_id", "name", "status"}),
        ({"_id": 0}, {"_id", "username", "name", "status"}),
        (
            dict.fromkeys(["_id", "username", "name", "nickname", "status", "avatarETag", "_updatedAt"], 0),
            {"_id"},
        ),
    ],
)
async def test_fields_show_no_more_than_is_shown(
    rooms: RoomWorld, fields: dict[str, int], keys: set[str]
) -> None:
    first = (await listed(rooms, Wanted(fields=fields)))[0]
    assert first.keys() == keys


async def test_a_broadcast_hides_its_members(rooms: RoomWorld) -> None:
    await rooms.room("news", "ann", "bob", broadcast=True)
    permission = "view-broadcast-member-list"
    for name, allowed in (("ann", True), ("bob", False)):
        caller = rooms.caller(name)
        caller.access.permissions[permission] = frozenset({"owner"})  # type: ignore[index]
        room = await view(rooms, caller, "r-news")
        if allowed:
            assert (await members(rooms.store, caller, room, Wanted(), matching_ms=1_000)).total == 2
        else:
            with pytest.raises(Failure) as caught:
                await members(rooms.store, caller, room, Wanted(), matching_ms=1_000)
            assert (caught.value.status, caught.value.message) == (403, "unauthorized")


# online


async def test_who_is_there(rooms: RoomWorld) -> None:
    async def there(name: str, query: dict[str, Any], kind: str = "p") -> list[dict[str, Any]]:
        caller = rooms.caller(name, "view-p-room", "view-c-room")
        texts = await online(rooms.store, caller, kind, query, matching_ms=1_000)
        return [json.loads(text) for text in texts]

    eng = [{"_id": f"u-{name}", "username": name} for name in ("ann", "dan", "bob")]
    queries: list[dict[str, Any]] = [
        {"_id": "r-eng"},
        {"name": "eng"},
        {"name": {"$regex": "^e"}},
        {"_id": "r-eng", "t": "c"},
    ]
    for query in queries:
        assert await there("bob", query) == eng
    assert await there("flo", {"t": "p"}) == [{"_id": "u-ann", "username": "ann"}]
    await rooms.room("town", "dan", kind="c")
    await rooms.room("talk", "bob", prid="r-eng", topic="x")
    assert await there("flo", {"name": "town"}, "c") == [{"_id": "u-dan", "username": "dan"}]
    assert await there("cid", {"_id": "r-talk", "topic": "x"}) == [{"_id": "u-bob", "username": "bob"}]
    refused: list[tuple[str, dict[str, Any], str, str]] = [
        ("flo", {}, "p", "Invalid query"),
        ("flo", {"_id": "r-eng"}, "p", "Not Allowed"),
        ("flo", {"_id": "r-eng", "usersCount": {"$gt": 9}}, "p", "Not Allowed"),
        ("flo", {"_id": {"$eq": "r-eng"}}, "p", "Group does not exists"),
        ("flo", {"usersCount": 5}, "p", "Group does not exists"),
        ("bob", {"_id": "r-eng", "topic": "x"}, "p", "Group does not exists"),
        ("bob", {"_id": "r-town"}, "p", "Group does not exists"),
        ("bob", {"_id": "r-eng"}, "c", "Channel does not exists"),
    ]
    for name, query, kind, text in refused:
        with pytest.raises(Failure, match=text):
            await there(name, query, kind)


async def test_who_may_see_no_group_finds_none(rooms: RoomWorld) -> None:
    caller = rooms.caller("ann", "view-c-room")
    for key, value, text in (("_id", "r-eng", "Not Allowed"), ("t", "p", "Group does not exists")):
        with pytest.raises(Failure, match=text):
            await online(rooms.store, caller, "p", {key: value}, matching_ms=1_000)
