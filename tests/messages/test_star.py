"""Stars (spec/07 section 1)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.sender import Sender
from strongback.messages.star import star
from strongback.storage.steps import Put
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio


async def mark(chat: Chat, who: Sender, id: str, starred: bool = True) -> Any:
    """Set or take away a star; answers all stars of the message."""
    await star(chat.world.store, chat.world.clock, who, id, starred=starred)
    return (await chat.world.body("messages", id)).get("starred")


async def test_each_has_a_star_of_their_own(chat: Chat) -> None:
    ann, bob = await chat.sender("ann"), await chat.sender("bob")
    id = (await chat.say(ann, "hi")).id
    assert await mark(chat, ann, id, starred=False) is None
    assert await mark(chat, bob, id) == [{"_id": "u-bob"}]
    assert await mark(chat, bob, id) == [{"_id": "u-bob"}]
    assert await mark(chat, ann, id) == [{"_id": "u-bob"}, {"_id": "u-ann"}]
    assert await mark(chat, bob, id, starred=False) == [{"_id": "u-ann"}]
    assert (await chat.room())["lastMessage"]["starred"] == [{"_id": "u-ann"}]


async def test_nothing_happens_outside_ones_rooms(chat: Chat) -> None:
    cid = await chat.sender("cid")
    made = [await chat.say(await chat.sender("ann"), "hi"), await chat.say(cid, "hi", "r-town")]
    for message in made:
        assert await mark(chat, cid, message.id) is None


async def test_what_is_not_there_and_what_is_off(chat: Chat) -> None:
    ann = await chat.sender("ann")
    id = (await chat.say(ann, "hi")).id
    off = await chat.sender("ann", Message_AllowStarring=False)
    for who, what, error in (
        (ann, "nothing", "error-message-not-found"),
        (off, id, "error-action-not-allowed"),
    ):
        with pytest.raises(Failure) as caught:
            await mark(chat, who, what)
        assert caught.value.error == error


async def test_odd_stars_stay(chat: Chat) -> None:
    ann = await chat.sender("ann")
    made = await chat.say(ann, "hi")
    await chat.world.write(Put("messages", Document(made.id, made.body | {"starred": ["x"]}, made.dates)))
    assert await mark(chat, ann, made.id) == ["x", {"_id": "u-ann"}]


async def test_stars_that_are_set_at_once_all_stay(chat: Chat) -> None:
    people = [await chat.sender(name) for name in ("ann", "bob")]
    id = (await chat.say(people[0], "hi")).id
    await asyncio.gather(*(mark(chat, who, id) for who in people for _ in range(3)))
    stored = (await chat.world.body("messages", id))["starred"]
    assert sorted(one["_id"] for one in stored) == ["u-ann", "u-bob"]
