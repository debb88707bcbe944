"""Reactions (spec/07 section 1)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.react import react
from strongback.messages.sender import Sender
from strongback.storage.steps import Put
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

LATER = "2023-11-14T22:13:21.000Z"


async def give(chat: Chat, who: Sender, id: str, emoji: str = "tada", wanted: bool | None = None) -> Any:
    """React; answers the reactions that the message then has."""
    await react(chat.world.store, chat.world.clock, who, id, emoji, wanted)
    return (await chat.world.body("messages", id)).get("reactions")


async def refused(chat: Chat, who: Sender, id: str, emoji: str = "tada") -> str:
    before = await chat.messages()
    with pytest.raises(Failure) as caught:
        await give(chat, who, id, emoji)
    assert await chat.messages() == before
    return caught.value.message


async def test_people_react_and_take_it_back(chat: Chat) -> None:
    ann, bob = await chat.sender("ann"), await chat.sender("bob")
    id = (await chat.say(ann, "hi")).id
    chat.world.now += 1_000
    assert await give(chat, bob, id) == {":tada:": {"usernames": ["bob"]}}
    assert await give(chat, ann, id, ":tada:") == {":tada:": {"usernames": ["bob", "ann"]}}
    assert await give(chat, ann, id, "+1") == {
        ":tada:": {"usernames": ["bob", "ann"]},
        ":+1:": {"usernames": ["ann"]},
    }
    assert await give(chat, bob, id) == {":tada:": {"usernames": ["ann"]}, ":+1:": {"usernames": ["ann"]}}
    assert await give(chat, ann, id, "+1") == {":tada:": {"usernames": ["ann"]}}
    assert await give(chat, ann, id) is None
    body = await chat.world.body("messages", id)
    assert ("reactions" in body, body["_updatedAt"], "editedAt" in body) == (False, LATER, False)


async def test_what_is_wanted_and_so_already_changes_nothing(chat: Chat) -> None:
    ann = await chat.sender("ann")
    id = (await chat.say(ann, "hi")).id
    chat.world.now += 1_000
    assert await give(chat, ann, id, wanted=False) is None
    assert (await chat.world.body("messages", id))["_updatedAt"] != LATER
    assert await give(chat, ann, id, wanted=True) == {":tada:": {"usernames": ["ann"]}}
    assert await give(chat, ann, id, wanted=True) == {":tada:": {"usernames": ["ann"]}}
    assert await give(chat, ann, id, wanted=False) is None


async def test_a_reaction_shows_in_the_last_message_and_is_no_event(chat: Chat) -> None:
    ann = await chat.sender("ann")
    id = (await chat.say(ann, "hi")).id
    chat.events.clear()
    await give(chat, ann, id)
    assert (await chat.room())["lastMessage"]["reactions"] == {":tada:": {"usernames": ["ann"]}}
    assert chat.events == []


async def test_who_may_not_react_and_with_what(chat: Chat) -> None:
    ann, cid = await chat.sender("ann"), await chat.sender("cid")
    id = (await chat.say(ann, "hi")).id
    text = 'The provided "messageId" does not match any existing message. [error-message-not-found]'
    assert await refused(chat, ann, "nothing", "") == text
    text = 'The required "emoji" param is missing. [error-emoji-param-not-provided]'
    assert await refused(chat, ann, id, "") == text
    assert await refused(chat, cid, id, "nonsense") == "Not Authorized [not-authorized]"
    for emoji in ("nonsense", ":::"):
        assert await refused(chat, ann, id, emoji) == "Invalid emoji provided. [error-not-allowed]"


async def test_a_hidden_message_is_not_there(chat: Chat) -> None:
    ann = await chat.sender("ann")
    made = await chat.say(ann, "hi")
    await chat.world.write(Put("messages", Document(made.id, made.body | {"_hidden": True}, made.dates)))
    assert "[error-message-not-found]" in await refused(chat, ann, made.id)


async def test_a_read_only_room(chat: Chat) -> None:
    await chat.world.room("news", "ann", "bob", "cid", ro=True, unmuted=["cid"])
    ann, bob = await chat.sender("ann", "post-readonly"), await chat.sender("bob")
    id = (await chat.say(ann, "hi", "r-news")).id
    assert await refused(chat, bob, id) == "You can't send messages because the room is readonly."
    await give(chat, await chat.sender("cid"), id)
    await give(chat, ann, id)
    await chat.world.room("open", "ann", "bob", ro=True, reactWhenReadOnly=True)
    id = (await chat.say(ann, "hi", "r-open")).id
    assert await give(chat, bob, id) == {":tada:": {"usernames": ["bob"]}}


async def test_a_muted_member(chat: Chat) -> None:
    await chat.world.room("loud", "ann", "bob", muted=["bob"])
    id = (await chat.say(await chat.sender("ann"), "hi", "r-loud")).id
    text = "You have been muted and cannot speak in this room [error-not-allowed]"
    assert await refused(chat, await chat.sender("bob"), id) == text


async def test_what_an_import_brought_is_read_as_far_as_it_makes_sense(chat: Chat) -> None:
    ann = await chat.sender("ann")
    odd = {":tada:": {"usernames": ["bob", 5], "names": ["Bob"]}, ":x:": "y", ":z:": {"usernames": None}}
    made = await chat.say(ann, "hi")
    await chat.world.write(Put("messages", Document(made.id, made.body | {"reactions": odd}, made.dates)))
    assert await give(chat, ann, made.id) == {":tada:": {"usernames": ["bob", "ann"]}}


async def test_all_who_react_at_once_are_counted(chat: Chat) -> None:
    names = [f"p{number}" for number in range(8)]
    await chat.world.users(*names)
    await chat.world.room("full", "ann", *names)
    people = [await chat.sender(name) for name in names]
    id = (await chat.say(await chat.sender("ann"), "hi", "r-full")).id
    await asyncio.gather(*(give(chat, who, id) for who in people))
    stored = (await chat.world.body("messages", id))["reactions"]
    assert sorted(stored[":tada:"]["usernames"]) == names
