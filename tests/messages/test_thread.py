"""Replies and the roots that count them (spec/07 section 3)."""

import asyncio

import pytest

from strongback.errors import Failure
from strongback.messages.build import Draft
from strongback.messages.delete import delete
from strongback.messages.thread import follow
from strongback.storage.steps import Remove
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

LATER = "2023-11-14T22:13:21.000Z"


async def test_a_reply_is_counted_by_the_root(chat: Chat) -> None:
    ann, bob = await chat.sender("ann"), await chat.sender("bob")
    root = await chat.say(ann, "root")
    chat.world.now += 1_000
    first = await chat.say(bob, Draft("@cid look", tmid=root.id))
    second = await chat.say(ann, Draft("more", tmid=first.id))
    assert (first.body["tmid"], second.body["tmid"]) == (root.id, root.id)
    stored = await chat.world.store.get("messages", root.id)
    assert stored is not None
    now = stored.decode()
    assert (now.body["tcount"], now.body["tlm"], now.body["_updatedAt"]) == (2, LATER, LATER)
    assert now.body["replies"] == ["u-cid", "u-ann", "u-bob"]
    assert ("tlm",) in now.dates
    assert now.body["msg"] == "root"


async def test_a_reply_is_not_the_last_message_unless_it_is_shown(chat: Chat) -> None:
    ann = await chat.sender("ann")
    root = await chat.say(ann, "root")
    chat.world.now += 1
    await chat.say(ann, Draft("quiet", tmid=root.id))
    assert ((await chat.room())["lastMessage"]["msg"], (await chat.room())["msgs"]) == ("root", 2)
    await chat.say(ann, Draft("loud", {"tshow": True}, tmid=root.id))
    assert (await chat.room())["lastMessage"]["msg"] == "loud"


async def test_a_reply_to_what_is_not_in_the_room(chat: Chat) -> None:
    ann = await chat.sender("ann")
    other = await chat.say(ann, "elsewhere", "r-town")
    for tmid in ("nothing", other.id):
        with pytest.raises(Failure) as caught:
            await chat.say(ann, Draft("hi", tmid=tmid))
        assert caught.value.error == "error-invalid-message"
    assert await chat.messages() == []


async def test_all_replies_at_once_are_counted(chat: Chat) -> None:
    ann = await chat.sender("ann")
    root = await chat.say(ann, "root")
    await asyncio.gather(*(chat.say(ann, Draft("r", tmid=root.id)) for _ in range(10)))
    assert (await chat.world.body("messages", root.id))["tcount"] == 10


async def test_a_reply_that_is_deleted_is_taken_off(chat: Chat) -> None:
    ann, world = await chat.sender("ann"), chat.world
    root = await chat.say(ann, "root")
    replies = [await chat.say(ann, Draft("r", tmid=root.id)) for _ in range(2)]
    await delete(world.store, world.clock, ann, "r-eng", replies[0].id)
    assert (await world.body("messages", root.id))["tcount"] == 1
    await delete(world.store, world.clock, ann, "r-eng", replies[1].id)
    assert not {"tcount", "tlm", "replies"} & (await world.body("messages", root.id)).keys()


async def test_the_last_reply_that_is_left_says_when_the_thread_was_answered(chat: Chat) -> None:
    ann, world = await chat.sender("ann"), chat.world
    root, replies = await chat.say(ann, "root"), []
    for _ in range(3):
        world.now += 1_000
        replies.append(await chat.say(ann, Draft("r", tmid=root.id)))
    for gone, left in ((2, 1), (0, 1)):
        await delete(world.store, world.clock, ann, "r-eng", replies[gone].id)
        assert (await world.body("messages", root.id))["tlm"] == replies[left].body["ts"]


async def test_people_follow_and_no_longer(chat: Chat) -> None:
    ann, bob, store, clock = (
        await chat.sender("ann"),
        await chat.sender("bob"),
        chat.world.store,
        chat.world.clock,
    )
    root = await chat.say(ann, "root")
    reply = await chat.say(ann, Draft("r", tmid=root.id))

    async def followers() -> list[str]:
        found: list[str] = (await chat.world.body("messages", root.id))["replies"]
        return found

    chat.world.now += 1_000
    await follow(store, clock, bob.caller, reply.id, follows=True)
    await follow(store, clock, bob.caller, root.id, follows=True)
    assert await followers() == ["u-ann", "u-bob"]
    assert (await chat.world.body("messages", root.id))["_updatedAt"] == LATER
    assert "replies" not in await chat.world.body("messages", reply.id)
    await follow(store, clock, ann.caller, root.id, follows=False)
    await follow(store, clock, ann.caller, root.id, follows=False)
    assert await followers() == ["u-bob"]


async def test_who_may_follow(chat: Chat) -> None:
    ann, cid = await chat.sender("ann"), await chat.sender("cid")
    off = await chat.sender("ann", Threads_enabled=False)
    root = await chat.say(ann, "root")
    for follows, method in ((True, "followMessage"), (False, "unfollowMessage")):
        for who, id, text in (
            (cid, root.id, "not-allowed [error-not-allowed]"),
            (off, root.id, "not-allowed [error-not-allowed]"),
            (ann, "nothing", "Invalid message [error-invalid-message]"),
        ):
            with pytest.raises(Failure) as caught:
                await follow(chat.world.store, chat.world.clock, who.caller, id, follows=follows)
            assert (caught.value.message, caught.value.details) == (text, {"method": method})


async def test_following_a_thread_whose_root_went(chat: Chat) -> None:
    ann, world = await chat.sender("ann"), chat.world
    root = await chat.say(ann, "root")
    reply = await chat.say(ann, Draft("r", tmid=root.id))
    await world.write(Remove("messages", root.id))
    await follow(world.store, world.clock, ann.caller, reply.id, follows=True)
    assert "replies" not in await world.body("messages", reply.id)


async def test_a_root_that_went_leaves_its_replies(chat: Chat) -> None:
    ann, world = await chat.sender("ann"), chat.world
    root = await chat.say(ann, "root")
    reply = await chat.say(ann, Draft("r", tmid=root.id))
    await world.write(Remove("messages", root.id))
    again = await chat.say(ann, Draft("s", tmid=reply.id))
    assert again.body["tmid"] == reply.id
    await delete(world.store, world.clock, ann, "r-eng", reply.id)
