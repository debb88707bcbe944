"""Integrations of a room that gets another name, or goes: they follow the room, not the name (design: bind to ids)."""

from typing import Any

import pytest

from strongback.accounts import user_deletion
from strongback.documents.document import Document
from strongback.groups.delete import delete
from strongback.groups.rename import rename
from strongback.integrations.create import create
from strongback.integrations.rooms import rename_channels, unbind
from strongback.integrations.update import update
from strongback.integrations.user_deletion import disable_integrations
from strongback.storage.contract import RoomView
from strongback.storage.steps import Link, Put, PutIntegration
from tests.integrations.examples import IN, INCOMING, OUT, OUTGOING, fake_compile
from tests.room_world import ALL_FOUR, NOW, RoomWorld

pytestmark = pytest.mark.anyio

STAMP = "2023-11-14T22:13:21.000Z"
GONE = "The room #eng was deleted"
ENG, OPS = Link("#eng", "room", "r-eng"), Link("#ops", "room", "r-ops")
GROUPS = Link("all_private_groups", "scope", "all_private_groups")


@pytest.fixture
async def later(rooms: RoomWorld) -> RoomWorld:
    """A second later; integrations have been there for a while."""
    rooms.now = NOW + 1000
    return rooms


async def view(world: RoomWorld, rid: str = "r-eng") -> RoomView:
    room = await world.store.room_by_id(rid, "u-ann")
    assert room is not None
    return room


async def bound(world: RoomWorld, id: str, *links: Link, **members: Any) -> None:
    """Write an integration with these links."""
    body = {"_id": id, "type": IN, "enabled": True, "channel": [link.text for link in links]}
    await world.write(PutIntegration(Document(id, body | members), links))


async def give_name(world: RoomWorld, name: str) -> None:
    ann = world.caller("ann", "edit-room", "view-p-room")
    await rename(world.store, world.clock, ann, await view(world), name, on_rename=(rename_channels,))


async def end(world: RoomWorld) -> None:
    ann = world.caller("ann", "delete-p", "view-p-room")
    await delete(world.store, world.clock, ann, await view(world), on_delete=(unbind,))


async def test_a_new_name_shows_wherever_the_room_is_bound(later: RoomWorld) -> None:
    someone = Link("@ann", "user", "u-ann")
    dangling = Link("#eng", "room", None)
    await bound(later, "i1", OPS, ENG, someone, GROUPS, dangling, unknown=[1])
    await bound(later, "i2", OPS)
    await bound(later, "i3", ENG, ENG)
    before = await later.body("integrations", "i2")
    await give_name(later, "tech")
    first = await later.body("integrations", "i1")
    assert first["channel"] == ["#ops", "#tech", "@ann", "all_private_groups", "#eng"]
    assert (first["unknown"], first["enabled"], first["_updatedAt"]) == ([1], True, STAMP)
    tech = Link("#tech", "room", "r-eng")
    assert await later.store.links("i1") == [OPS, tech, someone, GROUPS, dangling]
    assert await later.body("integrations", "i2") == before
    assert await later.store.links("i3") == [tech, tech]


async def test_a_name_that_is_taken_again_takes_nothing_along(later: RoomWorld) -> None:
    await bound(later, "i1", ENG)
    await give_name(later, "tech")
    await later.room("new", "ann")
    stored = await later.store.get("rooms", "r-new")
    assert stored is not None
    room = stored.decode()
    room.set("name", "eng")
    await later.write(Put("rooms", room))
    assert await later.store.links("i1") == [Link("#tech", "room", "r-eng")]


@pytest.mark.parametrize("given", [INCOMING, OUTGOING])
async def test_one_that_is_made_meanwhile_shows_the_new_name(later: RoomWorld, given: dict[str, Any]) -> None:
    ann = later.caller("ann", *ALL_FOUR, "edit-room", "view-p-room")
    late: list[str] = []

    async def meddle(*_: Any) -> None:
        if not late:
            made = await create(
                later.store, later.clock, ann, given["type"], given, frozen="", compile=fake_compile
            )
            late.append(made.id)

    hooks = (rename_channels, meddle)
    await rename(later.store, later.clock, ann, await view(later), "tech", on_rename=hooks)
    assert await later.store.links(late[0]) == [Link("#tech", "room", "r-eng")]
    assert (await later.body("integrations", late[0]))["channel"] == ["#tech"]


async def test_bound_to_several_it_loses_one(later: RoomWorld) -> None:
    await bound(later, "i1", ENG, OPS, ENG)
    await bound(later, "i2", GROUPS, ENG)
    await bound(later, "i3", OPS)
    other = await later.body("integrations", "i3")
    await end(later)
    for id, links in (("i1", [OPS]), ("i2", [GROUPS])):
        body = await later.body("integrations", id)
        assert (body["channel"], body["enabled"]) == ([link.text for link in links], True)
        assert body["_updatedAt"] == STAMP
        assert "disabledReason" not in body
        assert await later.store.links(id) == links
    assert await later.body("integrations", "i3") == other


async def test_bound_to_the_room_alone_it_is_disabled_and_says_why(later: RoomWorld) -> None:
    dangling = Link("#old", "room", None)
    await bound(later, "i1", ENG)
    await bound(later, "i2", ENG, dangling)
    await end(later)
    for id, links in (("i1", [Link("#eng", "room", None)]), ("i2", [Link("#eng", "room", None), dangling])):
        body = await later.body("integrations", id)
        assert (body["enabled"], body["disabledReason"], body["_updatedAt"]) == (False, GONE, STAMP)
        assert body["channel"] == [
            link.text for link in links
        ]  # an empty one would mean every public channel
        assert await later.store.links(id) == links
    await later.room("eng", "ann")  # a later room of that name, even of the same id, gets nothing
    assert (await later.store.links("i1"))[0].target is None


@pytest.mark.parametrize("given", [INCOMING, OUTGOING])
async def test_one_that_is_made_meanwhile_is_disabled_too(later: RoomWorld, given: dict[str, Any]) -> None:
    ann = later.caller("ann", *ALL_FOUR, "delete-p", "view-p-room")
    late: list[str] = []

    async def meddle(*_: Any) -> None:
        if not late:
            made = await create(
                later.store, later.clock, ann, given["type"], given, frozen="", compile=fake_compile
            )
            late.append(made.id)

    await delete(later.store, later.clock, ann, await view(later), on_delete=(unbind, meddle))
    body = await later.body("integrations", late[0])
    assert (body["enabled"], body["disabledReason"]) == (False, GONE)


async def test_the_reason_goes_when_it_is_enabled_again(rooms: RoomWorld, made: dict[str, str]) -> None:
    ann = rooms.caller("ann", *ALL_FOUR)
    await end(rooms)
    for kind, given in ((IN, INCOMING), (OUT, OUTGOING)):
        for enabled, expected in ((False, GONE), (True, None), (False, None)):
            sent = given | {"integrationId": made[kind], "token": "t", "channel": "#ops", "enabled": enabled}
            sent.pop("type")
            await update(rooms.store, rooms.clock, ann, kind, sent, frozen="", compile=fake_compile)
            body = await rooms.body("integrations", made[kind])
            assert (body["enabled"], body.get("disabledReason")) == (enabled, expected)
            assert await rooms.store.links(made[kind]) == [OPS]


async def test_an_account_that_goes_takes_its_rooms_and_their_integrations(rooms: RoomWorld) -> None:
    await rooms.room("web", "bot")
    await rooms.room("lab", "bot")
    await rooms.room("den", "ann")
    web, lab, den = (Link(f"#{name}", "room", f"r-{name}") for name in ("web", "lab", "den"))
    bot = Link("@bot", "user", "u-bot")
    await bound(rooms, "alone", web, lab)
    await bound(rooms, "shared", web, den, userId="u-bot")
    await bound(rooms, "person", web, bot)
    stored = await rooms.store.get("users", "u-bot")
    assert stored is not None
    await user_deletion.delete(
        rooms.store,
        rooms.clock,
        rooms.caller("ann", "delete-user"),
        stored.decode(),
        agreed=True,
        hooks=(disable_integrations,),
        room_hooks=(unbind,),
    )
    assert await rooms.store.get("rooms", "r-web") is None
    alone = await rooms.body("integrations", "alone")
    assert (alone["enabled"], alone["disabledReason"]) == (False, "The room #web was deleted")
    assert [link.target for link in await rooms.store.links("alone")] == [None]
    shared = await rooms.body("integrations", "shared")
    assert (shared["enabled"], shared["channel"]) == (False, ["#den"])
    assert shared["disabledReason"] == "The account bot, as which it posts, was deleted"
    assert await rooms.store.links("shared") == [den]
    assert await rooms.store.links("person") == [Link("@bot", "user", None)]
    assert await rooms.store.check() == [
        "integration alone: #web names nothing that exists; update the integration to bind it",
        "integration person: @bot names nothing that exists; update the integration to bind it",
    ]
