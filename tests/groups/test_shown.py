"""A room as one caller sees it (spec/04 sections 3 and 4)."""

from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.groups.shown import shown
from strongback.storage.steps import Put
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann has written in `eng`, and she and Bob have starred it; Cid is not there."""
    await world.users("ann", "bob", "cid")
    await world.room("eng", "ann", "bob", joinCode="x", topic="t")
    message = Document(
        "m1",
        {
            "_id": "m1",
            "rid": "r-eng",
            "msg": "hello",
            "u": {"_id": "u-ann", "username": "ann"},
            "starred": [{"_id": "u-ann"}, {"_id": "u-bob"}],
        },
    )
    message.set_date("ts", world.now)
    await world.write(Put("messages", message))
    return world


async def seen(world: RoomWorld, name: str, *permissions: str, **settings: Any) -> dict[str, Any]:
    body = await shown(
        world.store, world.caller(name, *(permissions or ("view-p-room",)), **settings), "r-eng"
    )
    assert body is not None
    return body


async def test_a_member_sees_the_last_message_with_no_star_but_its_own(rooms: RoomWorld) -> None:
    body = await seen(rooms, "bob")
    assert body["lastMessage"]["msg"] == "hello"
    assert body["lastMessage"]["starred"] == [{"_id": "u-bob"}]
    assert (body["topic"], body["usersCount"], body["msgs"]) == ("t", 2, 1)
    assert body["lm"] == "2023-11-14T22:13:20.000Z"
    assert "joinCode" not in body


async def test_others_see_no_message(rooms: RoomWorld) -> None:
    for name, permission in (("cid", "view-p-room"), ("bob", "view-c-room")):
        body = await seen(rooms, name, permission)
        assert (body["topic"], "lastMessage" in body) == ("t", False)


async def test_nobody_does_where_it_is_not_kept(rooms: RoomWorld) -> None:
    assert "lastMessage" not in await seen(rooms, "bob", Store_Last_Message=False)


async def test_a_room_that_is_gone(rooms: RoomWorld) -> None:
    assert await shown(rooms.store, rooms.caller("bob"), "r-gone") is None
