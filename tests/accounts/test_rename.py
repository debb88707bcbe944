"""A new name of an account stands wherever the old one stood."""

from typing import Any

import pytest

from strongback.accounts import update_user
from strongback.documents.document import Document
from strongback.documents.message import system_message
from strongback.documents.room import new_room
from strongback.documents.subscription import new_subscription
from strongback.storage.changes import Changes
from strongback.storage.selections import MembersOf
from strongback.storage.steps import Put, Step
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio


async def rename(world: World, user: Document, **given: str) -> None:
    await update_user.update(world.store, world.clock, await world.caller(), user.id, given)


async def conversation(world: World, id: str, *people: Document) -> None:
    """A conversation, in everybody's list called after the others."""
    names = [one.body["username"] for one in people]
    body: dict[str, Any] = {"_id": id, "t": "d", "uids": [one.id for one in people], "usernames": names}
    steps: list[Step] = [Put("rooms", Document(id, body))]
    for one in people:
        others = [other for other in people if other is not one] or [one]
        called = {
            "name": ", ".join(other.body["username"] for other in others),
            "fname": ", ".join(other.body["name"] for other in others),
        }
        steps.append(
            Put("subscriptions", new_subscription(f"{id}-{one.id}", body | called, one.body, world.now))
        )
    await world.store.commit(Changes([], steps))


async def called(world: World, id: str, user: Document) -> tuple[str, str]:
    body = await world.body("subscriptions", f"{id}-{user.id}")
    return body["name"], body["fname"]


async def test_memberships_messages_and_rooms_follow(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    lists = {"muted": ["bob", "ann"], "unmuted": ["ann"]}
    room = new_room("g", "p", "ann", {"_id": ann.id, "username": "ann", "name": "Ann"}, world.now, **lists)
    other = new_room("h", "p", "other", {"_id": bob.id, "username": "bob"}, world.now, usernames=["ann"])
    await world.put("rooms", room, other)
    for user in (ann, bob):
        await world.put("subscriptions", new_subscription(f"g-{user.id}", room.body, user.body, world.now))
        await world.put("messages", system_message(f"m-{user.id}", "uj", "g", "x", user.body, world.now))
    before = {id: await world.body("rooms", id) for id in ("h", "GENERAL")}
    world.now += 1_000
    await rename(world, ann, username="zoe", name="Zoe")
    who = {"_id": ann.id, "username": "zoe", "name": "Zoe"}
    assert [one["u"] for one in await world.bodies("subscriptions", "user_id", ann.id)] == [who, who]
    assert [one["u"] for one in await world.bodies("messages", "user_id", ann.id)] == [who, who]
    group = await world.body("rooms", "g")
    assert (group["name"], group["u"], group["muted"], group["unmuted"]) == (
        "ann",
        who,
        ["bob", "zoe"],
        ["zoe"],
    )
    assert group["_updatedAt"] == "2023-11-14T22:13:21.000Z"
    for id, old in before.items():  # another's room stays as it is, but for the words of its last message
        now = await world.body("rooms", id)
        assert {**now, "lastMessage": None} == {**old, "lastMessage": None}
    members = await world.store.page(MembersOf("g"), "members", 0, 10)
    assert ['"username":"bob"' in text for text in members.texts] == [True, False]
    bobs = await world.bodies("messages", "user_id", bob.id)
    assert {one["u"]["username"] for one in bobs} == {"bob"}


async def test_conversations_are_called_by_the_new_name(world: World) -> None:
    ann, bob, cid = await world.user("ann"), await world.user("bob"), await world.user("cid")
    await conversation(world, "two", ann, bob)
    await conversation(world, "three", ann, bob, cid)
    await conversation(world, "alone", ann)
    await conversation(world, "others", bob, cid)
    await rename(world, ann, username="zoe", name="Zoe")
    assert (await world.body("rooms", "two"))["usernames"] == ["zoe", "bob"]
    assert await called(world, "two", bob) == ("zoe", "Zoe")
    assert await called(world, "two", ann) == ("bob", "Bob")
    assert await called(world, "three", bob) == ("zoe, cid", "Zoe, Cid")
    assert await called(world, "three", ann) == ("bob, cid", "Bob, Cid")
    assert await called(world, "alone", ann) == ("zoe", "Zoe")
    assert await called(world, "others", bob) == ("cid", "Cid")


async def test_the_other_keeps_a_name_that_both_had(world: World) -> None:
    ann, other = await world.user("ann", name="Same"), await world.user("other", name="Same")
    await conversation(world, "two", ann, other)
    await rename(world, ann, name="Different")
    assert await called(world, "two", ann) == ("other", "Same")
    assert await called(world, "two", other) == ("ann", "Different")


async def test_the_name_that_is_shown_follows_alone(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    await conversation(world, "two", ann, bob)
    await rename(world, ann, name="Queen Ann")
    assert await called(world, "two", bob) == ("ann", "Queen Ann")
    (message,) = await world.bodies("messages", "user_id", ann.id)
    assert message["u"] == {"_id": ann.id, "username": "ann", "name": "Queen Ann"}
