"""Conversations (im.*)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.direct import converse, find
from strongback.groups.visibility import close_room
from strongback.messages.sender import Sender
from strongback.storage.steps import Put, Remove
from tests.messages.chat import Chat
from tests.room_world import room_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    async with room_world(tmp_path) as world:
        await world.users("ann", "bob", *(f"p{number}" for number in range(8)))
        named = {"_id": "u-cid", "username": "cid", "name": "Aaron Cid", "active": True}
        await world.write(Put("users", Document("u-cid", named)))
        yield Chat(world)


@pytest.fixture
async def ann(chat: Chat) -> Sender:
    return await chat.sender("ann")


async def talk(chat: Chat, who: Sender, *names: str) -> Document:
    return await converse(chat.world.store, chat.world.clock, who, names)


async def members(chat: Chat, rid: str) -> dict[str, dict[str, Any]]:
    """The memberships of a room, by username."""
    return {one["u"]["username"]: one for one in await chat.world.bodies("subscriptions", "rid", rid)}


async def test_a_conversation_of_two(chat: Chat, ann: Sender) -> None:
    room = await talk(chat, ann, "CID")
    assert (room.body["t"], room.body["uids"], room.body["usernames"]) == (
        "d",
        ["u-ann", "u-cid"],
        ["cid", "ann"],
    )
    mine = await members(chat, room.id)
    told = {
        name: [mine[name][key] for key in ("name", "fname", "open", "alert", "unread", "t")] for name in mine
    }
    assert told == {
        "ann": ["cid", "Aaron Cid", True, False, 0, "d"],
        "cid": ["ann", "ann", False, False, 0, "d"],
    }
    cid = await chat.sender("cid")
    assert (await talk(chat, cid, "ann")).id == room.id
    assert (await members(chat, room.id))["cid"]["open"] is True


async def test_a_conversation_of_several(chat: Chat, ann: Sender) -> None:
    room = await talk(chat, ann, "cid", "bob", "ann", "bob")
    assert (room.body["usernames"], room.body["usersCount"]) == (["cid", "ann", "bob"], 3)
    mine = await members(chat, room.id)
    assert {name: (one["name"], one["open"]) for name, one in mine.items()} == {
        "ann": ("cid, bob", True),
        "bob": ("cid, ann", True),
        "cid": ("ann, bob", True),
    }
    assert (await talk(chat, await chat.sender("bob"), "ann", "cid")).id == room.id
    assert (await talk(chat, ann, "bob")).id != room.id


async def test_a_conversation_with_oneself(chat: Chat, ann: Sender) -> None:
    room = await talk(chat, ann, "ann")
    mine = await members(chat, room.id)
    assert {name: (one["name"], one["open"]) for name, one in mine.items()} == {"ann": ("ann", True)}


async def test_a_closed_conversation_is_opened_again_and_one_that_was_left_joined(
    chat: Chat, ann: Sender
) -> None:
    room = await talk(chat, ann, "bob")
    view = await find(chat.world.store, ann.caller, room.id, None)
    await close_room(chat.world.store, chat.world.clock, ann.caller, view)
    assert (await members(chat, room.id))["ann"]["open"] is False
    chat.world.now += 1_000
    await talk(chat, ann, "bob")
    mine = (await members(chat, room.id))["ann"]
    assert mine["open"] is True
    chat.world.now += 1_000
    await talk(chat, ann, "bob")
    assert (await members(chat, room.id))["ann"] == mine
    await chat.world.write(Remove("subscriptions", (await members(chat, room.id))["ann"]["_id"]))
    assert (await talk(chat, ann, "bob")).id == room.id
    assert (await members(chat, room.id))["ann"]["name"] == "bob"


async def test_who_may_not_and_with_whom(chat: Chat, ann: Sender) -> None:
    unable = Sender(ann.account, chat.world.caller("ann", "view-d-room"))
    people = [f"p{number}" for number in range(8)]
    for who, names, text in (
        (ann, ["nobody"], "Invalid user [error-invalid-user]"),
        (ann, ["bob", ""], "Invalid user [error-invalid-user]"),
        (unable, ["bob"], "Not allowed [error-not-allowed]"),
        (
            ann,
            people,
            "You cannot add more than 8 users, including yourself to a direct message"
            " [error-direct-message-max-user-exceeded]",
        ),
    ):
        with pytest.raises(Failure) as caught:
            await talk(chat, who, *names)
        assert caught.value.message == text
    assert (await talk(chat, ann, *people[:7])).body["usersCount"] == 8
    room = await talk(chat, ann, "bob")
    assert (await talk(chat, unable, "bob")).id == room.id


async def test_found_by_id_and_by_name(chat: Chat, ann: Sender) -> None:
    room, store = await talk(chat, ann, "bob"), chat.world.store
    several = await talk(chat, ann, "bob", "cid")
    await chat.world.room("eng", "ann")
    assert (await find(store, ann.caller, room.id, None)).id == room.id
    assert (await find(store, ann.caller, None, "Bob")).id == room.id
    assert (await find(store, ann.caller, several.id, "bob")).id == several.id
    cid, blind = await chat.sender("cid"), chat.world.caller("ann")
    for caller, room_id, name in (
        (ann.caller, "r-eng", None),
        (ann.caller, "nowhere", "bob"),
        (ann.caller, None, "cid"),
        (ann.caller, None, "nobody"),
        (ann.caller, None, None),
        (cid.caller, room.id, None),
        (blind, room.id, None),
    ):
        with pytest.raises(Failure) as caught:
            await find(store, caller, room_id, name)
        assert caught.value.error == "error-room-not-found"


async def test_many_open_one_conversation(chat: Chat, ann: Sender) -> None:
    bob = await chat.sender("bob")
    rooms = await asyncio.gather(*(talk(chat, *pair) for pair in [(ann, "bob"), (bob, "ann")] * 4))
    assert len({room.id for room in rooms}) == 1
    assert all(one["open"] for one in (await members(chat, rooms[0].id)).values())
