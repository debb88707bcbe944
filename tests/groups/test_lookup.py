"""Which room a request means, and who may see it (spec/04 sections 1 and 6, spec/03 section 4)."""

from dataclasses import replace
from typing import Any

import pytest

from strongback.accounts.caller import RoomRead
from strongback.errors import Failure
from strongback.groups import lookup
from strongback.storage.contract import RoomKey
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

NOT_GIVEN = 'The parameter "roomId" or "roomName" is required'
NO_GROUP = 'The required "roomId" or "roomName" param provided does not match any group'
NO_CHANNEL = 'The required "roomId" or "roomName" param provided does not match any channel'


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann is in the group `eng` and nobody else is; `town` is a channel."""
    await world.users("ann", "bob")
    await world.room("eng", "ann")
    await world.room("town", "ann", kind="c")
    await world.room("old", "ann", archived=True)
    await world.room("oldtown", kind="c", archived=True)
    return world


@pytest.mark.parametrize(
    ("rid", "name", "found"),
    [
        ("r-eng", None, "r-eng"),
        (None, "eng", "r-eng"),
        ("r-eng", "nonsense", "r-eng"),
        ("r-eng", "", "r-eng"),
        (None, None, NOT_GIVEN),
        ("", "", NOT_GIVEN),
        ("", None, NO_GROUP),
        (None, "", NO_GROUP),
        ("", "eng", NO_GROUP),
        (None, "ENG", NO_GROUP),
        ("eng", None, NO_GROUP),
        (None, "r-eng", NO_GROUP),
        ("r-town", None, NO_GROUP),
        ("nonsense", None, NO_GROUP),
        ("\ud800", None, NO_GROUP),
    ],
)
async def test_the_group_of_a_request(rooms: RoomWorld, rid: Any, name: Any, found: str) -> None:
    ann = rooms.caller("ann", "view-p-room", "view-c-room")
    if found.startswith("r-"):
        assert (await lookup.group(rooms.store, ann, rid, name, archived=True)).id == found
        return
    with pytest.raises(Failure) as caught:
        await lookup.group(rooms.store, ann, rid, name, archived=True)
    assert caught.value.text == found
    expected = "error-room-param-not-provided" if found == NOT_GIVEN else "error-room-not-found"
    assert caught.value.error == expected


@pytest.mark.parametrize(
    ("username", "permissions", "sees"),
    [
        ("ann", ["view-p-room"], True),
        ("ann", ["view-joined-room"], True),
        ("ann", ["view-c-room", "view-d-room"], False),
        ("ann", [], False),
        ("bob", ["view-p-room", "view-joined-room", "view-room-administration"], False),
        ("nobody", ["view-p-room", "view-joined-room"], False),
    ],
)
async def test_members_alone_find_a_group(
    rooms: RoomWorld, username: str, permissions: list[str], sees: bool
) -> None:
    caller = rooms.caller(username, *permissions)
    if sees:
        assert (await lookup.group(rooms.store, caller, None, "eng", archived=True)).name == "eng"
    else:
        with pytest.raises(Failure, match="does not match any group"):
            await lookup.group(rooms.store, caller, None, "eng", archived=True)


async def test_a_discussion_is_seen_through_its_parent(rooms: RoomWorld) -> None:
    await rooms.room("talk", prid="r-eng")
    await rooms.room("deeper", prid="r-talk")
    await rooms.room("open", prid="r-town")
    ann, bob = (rooms.caller(name, "view-p-room", "view-c-room") for name in ("ann", "bob"))
    assert (await lookup.group(rooms.store, ann, "r-deeper", None, archived=True)).id == "r-deeper"
    assert (await lookup.group(rooms.store, bob, "r-open", None, archived=True)).id == "r-open"
    with pytest.raises(Failure):
        await lookup.group(rooms.store, bob, "r-deeper", None, archived=True)


async def test_discussions_in_a_circle_are_nobodys(rooms: RoomWorld) -> None:
    await rooms.room("one", prid="r-two")
    await rooms.room("two", prid="r-one")
    await rooms.room("self", prid="r-self")
    await rooms.room("orphan", prid="r-gone")
    for name in ("one", "self", "orphan"):
        with pytest.raises(Failure):
            await lookup.group(rooms.store, rooms.caller("ann", "view-p-room"), None, name, archived=True)


async def test_an_archived_room_where_the_route_minds(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", "view-p-room")
    assert (await lookup.group(rooms.store, ann, None, "old", archived=True)).archived
    with pytest.raises(Failure, match="The private group, old, is archived") as caught:
        await lookup.group(rooms.store, ann, None, "old", archived=False)
    assert caught.value.error == "error-room-archived"
    with pytest.raises(Failure, match="The channel, oldtown, is archived"):
        await lookup.channel(rooms.store, ann, None, "oldtown", archived=False)


async def test_a_channel_is_found_without_access(rooms: RoomWorld) -> None:
    bob = rooms.caller("bob")
    assert (await lookup.channel(rooms.store, bob, "r-town", None, archived=True)).name == "town"
    for rid, name in ((None, None), ("", ""), ("r-eng", None), (None, "eng"), ("x", None)):
        with pytest.raises(Failure) as caught:
            await lookup.channel(rooms.store, bob, rid, name, archived=True)
        assert (caught.value.text, caught.value.error) == (NO_CHANNEL, "error-room-not-found")


@pytest.mark.parametrize(
    ("rid", "name", "key"),
    [
        ("r-eng", None, RoomKey("id", "r-eng")),
        ("r-eng", "old", RoomKey("id", "r-eng")),
        ("", "eng", RoomKey("id", "")),
        (None, "eng", RoomKey("name", "eng")),
        (None, "", RoomKey("name", "")),
        (None, None, None),
    ],
)
def test_an_id_counts_before_a_name(rid: str | None, name: str | None, key: RoomKey | None) -> None:
    assert lookup.key(rid, name) == key


async def test_a_room_that_came_with_the_token_is_not_asked_for_again(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", "view-p-room")
    read = await rooms.store.room_by_id("r-eng", ann.id)
    assert read is not None
    for key in (RoomKey("id", "r-eng"), RoomKey("name", "eng")):
        asked = {"room_id": key.value, "name": None} if key.by == "id" else {"room_id": None, "name": "eng"}
        for before, found in ((replace(read, archived=True), "archived"), (None, "not match any group")):
            with pytest.raises(Failure, match=found):
                await lookup.group(
                    rooms.store, replace(ann, read=RoomRead(key, before, None)), **asked, archived=False
                )


async def test_a_room_of_another_key_is_asked_for(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", "view-p-room")
    for key in (RoomKey("id", "r-old"), RoomKey("name", "r-eng"), RoomKey("id", "eng")):
        caller = replace(ann, read=RoomRead(key, None, None))
        assert (await lookup.group(rooms.store, caller, "r-eng", None, archived=False)).id == "r-eng"
        assert (await lookup.group(rooms.store, caller, None, "eng", archived=False)).id == "r-eng"


async def test_a_discussion_that_came_with_the_token_is_seen_through_its_parent(rooms: RoomWorld) -> None:
    await rooms.room("talk", prid="r-eng")
    for name, sees in (("ann", True), ("bob", False)):
        caller = rooms.caller(name, "view-p-room")
        read = await rooms.store.room_by_id("r-talk", caller.id)
        assert read is not None
        caller = replace(caller, read=RoomRead(RoomKey("id", "r-talk"), read, None))
        assert await lookup.can_access(rooms.store, caller, read) is sees
        if sees:
            assert await lookup.group(rooms.store, caller, "r-talk", None, archived=True) == read
