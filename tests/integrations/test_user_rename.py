"""Integrations of an account that gets another name: they follow the account, not the name (design: bind to ids)."""

from typing import Any

import pytest

from strongback.accounts import update_user
from strongback.documents.document import Document
from strongback.integrations.create import create
from strongback.integrations.update import update
from strongback.integrations.user_rename import rename_user
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Link, PutIntegration
from tests.integrations.examples import IN, INCOMING, fake_compile
from tests.room_world import ALL_FOUR, NOW, RoomWorld

pytestmark = pytest.mark.anyio

BOT, ANN = Link("@bot", "user", "u-bot"), Link("@ann", "user", "u-ann")
ENG = Link("#eng", "room", "r-eng")
DANGLING = Link("@bot", "user", None)


async def bound(world: RoomWorld, id: str, *links: Link, **members: Any) -> None:
    """Write an integration with these links, which posts as `ann` unless it says otherwise."""
    body = {
        "_id": id,
        "type": IN,
        "channel": [link.text for link in links],
        "username": "ann",
        "userId": "u-ann",
    }
    await world.write(PutIntegration(Document(id, body | members), links))


async def give_name(world: RoomWorld, name: str) -> None:
    boss = world.caller("ann", "edit-other-user-info")
    await update_user.update(
        world.store, world.clock, boss, "u-bot", {"username": name}, on_rename=(rename_user,)
    )


async def test_a_new_name_shows_wherever_the_account_posts_or_is_bound(rooms: RoomWorld) -> None:
    await bound(rooms, "both", ENG, BOT, DANGLING, username="bot", userId="u-bot", unknown=[1])
    await bound(rooms, "target", BOT, ANN, BOT)
    await bound(rooms, "poster", ENG, username="bot", userId="u-bot")
    await bound(rooms, "other", ENG, ANN)
    await bound(rooms, "namesake", ENG, username="bot", userId="u-another")
    before = {id: await rooms.body("integrations", id) for id in ("other", "namesake")}
    rooms.now = NOW + 1_000
    await give_name(rooms, "robot")
    both = await rooms.body("integrations", "both")
    assert (both["username"], both["channel"]) == ("robot", ["#eng", "@robot", "@bot"])
    assert (both["unknown"], both["_updatedAt"]) == ([1], "2023-11-14T22:13:21.000Z")
    robot = Link("@robot", "user", "u-bot")
    assert await rooms.store.links("both") == [ENG, robot, DANGLING]
    target = await rooms.body("integrations", "target")
    assert (target["username"], target["channel"]) == ("ann", ["@robot", "@ann", "@robot"])
    assert await rooms.store.links("target") == [robot, ANN, robot]
    poster = await rooms.body("integrations", "poster")
    assert (poster["username"], poster["channel"]) == ("robot", ["#eng"])
    assert {id: await rooms.body("integrations", id) for id in before} == before


async def test_an_integration_whose_poster_has_a_new_name_can_be_changed(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", *ALL_FOUR)
    made = await create(rooms.store, rooms.clock, ann, IN, INCOMING, frozen="", compile=fake_compile)
    await give_name(rooms, "robot")
    given = {**INCOMING, "integrationId": made.id, "name": "after"}
    changed = await update(rooms.store, rooms.clock, ann, IN, given, frozen="", compile=fake_compile)
    assert (changed.body["name"], changed.body["username"]) == ("after", "robot")


async def test_one_that_is_bound_meanwhile_follows_too(rooms: RoomWorld) -> None:
    seen = 0

    async def meanwhile(store: Store, user: Document, changes: Changes, now: int) -> None:
        nonlocal seen
        await rename_user(store, user, changes, now)
        seen += 1
        if seen == 1:
            await bound(rooms, "late", BOT)

    boss = rooms.caller("ann", "edit-other-user-info")
    await update_user.update(
        rooms.store, rooms.clock, boss, "u-bot", {"username": "robot"}, on_rename=(meanwhile,)
    )
    assert seen == 2
    assert (await rooms.body("integrations", "late"))["channel"] == ["@robot"]
