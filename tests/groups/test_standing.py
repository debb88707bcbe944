"""How a caller stands to a room, and what must stay so until a commit."""

from typing import Any, cast

import pytest

from strongback.documents.document import Document
from strongback.errors import Conflict, Failure
from strongback.groups.standing import standing
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.steps import Put, Remove, Step
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, Bob is in it, Cid is not."""
    await world.users("ann", "bob", "cid")
    await world.room("eng", "ann", "bob", joinCode="x")
    return world


def subscription(name: str, *roles: str) -> Put:
    id, user = f"r-eng-{name}", {"_id": f"u-{name}", "username": name}
    return Put("subscriptions", Document(id, {"_id": id, "rid": "r-eng", "u": user, "roles": [*roles]}))


async def test_a_room_without_what_nobody_is_shown(rooms: RoomWorld) -> None:
    here = await standing(rooms.store, rooms.caller("ann"), "r-eng", "group")
    assert (here.view.id, here.view.subscription_roles) == ("r-eng", frozenset({"owner"}))
    assert (here.room.body["name"], "joinCode" in here.room.body) == ("eng", False)
    with pytest.raises(Failure, match="does not match any channel"):
        await standing(rooms.store, rooms.caller("ann"), "r-gone", "channel")


@pytest.mark.parametrize(
    ("who", "meanwhile", "holds"),
    [
        ("bob", subscription("ann", "moderator"), True),
        ("bob", subscription("bob", "owner"), False),
        ("bob", Remove("subscriptions", "r-eng-bob"), False),
        ("bob", Put("rooms", Document("r-eng", {"_id": "r-eng", "t": "c", "name": "eng"})), False),
        ("bob", Remove("rooms", "r-eng"), False),
        ("cid", Remove("users", "u-cid"), False),
        ("cid", Remove("users", "u-ann"), True),
    ],
    ids=str,
)
async def test_what_was_read_must_still_be_so(
    rooms: RoomWorld, who: str, meanwhile: Step, holds: bool
) -> None:
    changes = (await standing(rooms.store, rooms.caller(who), "r-eng", "group")).changes()
    await rooms.write(meanwhile)
    if holds:
        await rooms.store.commit(changes)
    else:
        with pytest.raises(Conflict):
            await rooms.store.commit(changes)


async def test_each_change_has_guards_of_its_own(rooms: RoomWorld) -> None:
    here = await standing(rooms.store, rooms.caller("ann"), "r-eng", "group")
    here.changes().guards.clear()
    assert len(here.changes().guards) == 2


class Changing:
    """A store in which the caller's membership changes between two reads."""

    def __init__(self, world: RoomWorld, step: Step) -> None:
        self._world = world
        self._step = step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.store, name)

    async def room_by_id(self, rid: str, user_id: str) -> RoomView | None:
        """Write, then read."""
        await self._world.store.commit(Changes(steps=[self._step]))
        return await self._world.store.room_by_id(rid, user_id)


@pytest.mark.parametrize(
    ("who", "step"), [("bob", Remove("subscriptions", "r-eng-bob")), ("cid", subscription("cid", "owner"))]
)
async def test_who_comes_or_goes_between_two_reads_is_read_again(
    rooms: RoomWorld, who: str, step: Step
) -> None:
    store = cast("Store", Changing(rooms, step))
    with pytest.raises(Conflict):
        await standing(store, rooms.caller(who), "r-eng", "group")
    assert (await standing(store, rooms.caller(who), "r-eng", "group")).view.subscribed is (who == "cid")
