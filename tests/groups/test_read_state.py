"""Memberships, read and unread (spec/04 section 5)."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from strongback.errors import Failure
from strongback.groups.read_state import membership, memberships, read, unread_from, unread_room
from strongback.groups.visibility import close_room
from strongback.messages.build import Draft
from strongback.messages.sender import Sender
from strongback.storage.steps import Remove
from tests.messages.chat import Chat
from tests.room_world import NOW, room_world

pytestmark = pytest.mark.anyio

ALERTED, CALM = (True, 1), (False, 0)


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    """The group eng of ann and bob, the group ops of ann and bob; cid is in neither."""
    async with room_world(tmp_path) as world:
        await world.users("ann", "bob", "cid")
        await world.room("eng", "ann", "bob")
        await world.room("ops", "ann", "bob")
        yield Chat(world)


@pytest.fixture
async def ann(chat: Chat) -> Sender:
    return await chat.sender("ann")


@pytest.fixture
async def bob(chat: Chat) -> Sender:
    return await chat.sender("bob")


async def state(chat: Chat, who: Sender, rid: str = "r-eng") -> tuple[bool, int]:
    """Whether a member is alerted, and how many mentions it has not seen."""
    mine = await membership(chat.world.store, who.caller, rid)
    assert mine is not None
    return mine["alert"], mine["userMentions"]


async def changed(chat: Chat, who: Sender, since: int | None = None) -> set[str]:
    texts, _ = await memberships(chat.world.store, who.caller, since)
    return {msgspec.json.decode(text)["rid"] for text in texts}


async def test_what_is_read_and_what_comes_after(chat: Chat, ann: Sender, bob: Sender) -> None:
    await chat.say(ann, "hi @bob")
    assert (await state(chat, ann), await state(chat, bob)) == (CALM, ALERTED)
    chat.world.now += 1_000
    await read(chat.world.store, chat.world.clock, bob.caller, "r-eng")
    assert await state(chat, bob) == CALM
    mine = await membership(chat.world.store, bob.caller, "r-eng")
    assert mine is not None
    assert mine["ls"] == "2023-11-14T22:13:21.000Z"
    chat.world.now += 1_000
    await chat.say(ann, "again @bob")
    assert await state(chat, bob) == ALERTED


async def test_who_writes_has_read(chat: Chat, ann: Sender, bob: Sender) -> None:
    await chat.say(ann, "hi @bob")
    chat.world.now += 1_000
    await chat.say(bob, "hi")
    assert await state(chat, bob) == CALM
    assert await state(chat, ann) == (True, 0)


async def test_an_integration_that_writes_has_not_read_for_its_account(
    chat: Chat, ann: Sender, bob: Sender
) -> None:
    await chat.say(ann, "hi @bob")
    chat.world.now += 1_000
    await chat.say(bob, Draft("beep"), bot={"i": "i1"})
    assert await state(chat, bob) == ALERTED


async def test_unread_again_from_a_message(chat: Chat, ann: Sender, bob: Sender) -> None:
    said = []
    for text in ("one", "two @bob", "three"):
        chat.world.now += 1_000
        said.append(await chat.say(ann, text))
    chat.world.now += 1_000
    await read(chat.world.store, chat.world.clock, bob.caller, "r-eng")
    await unread_from(chat.world.store, chat.world.clock, bob.caller, said[1].id)
    mine = await membership(chat.world.store, bob.caller, "r-eng")
    assert mine is not None
    assert (mine["alert"], mine["userMentions"], mine["ls"]) == (True, 1, "2023-11-14T22:13:21.999Z")
    await unread_from(chat.world.store, chat.world.clock, bob.caller, said[2].id)
    assert (await membership(chat.world.store, bob.caller, "r-eng")) == mine


async def test_unread_again_opens_a_closed_room(chat: Chat, ann: Sender, bob: Sender) -> None:
    said = await chat.say(ann, "one")
    chat.world.now += 1_000
    await read(chat.world.store, chat.world.clock, bob.caller, "r-eng")
    room = await chat.world.store.room_by_id("r-eng", "u-bob")
    assert room is not None
    await close_room(chat.world.store, chat.world.clock, bob.caller, room)
    await unread_from(chat.world.store, chat.world.clock, bob.caller, said.id)
    mine = await membership(chat.world.store, bob.caller, "r-eng")
    assert mine is not None
    assert mine["open"] is True


async def test_the_last_message_of_a_room_is_unread_again(chat: Chat, ann: Sender, bob: Sender) -> None:
    await chat.say(ann, "@bob one")
    chat.world.now += 1_000
    await chat.say(bob, "mine")
    await unread_room(chat.world.store, chat.world.clock, bob.caller, "r-eng")
    assert await state(chat, bob) == (True, 0)


async def refused(awaitable: Any) -> str:
    with pytest.raises(Failure) as caught:
        await awaitable
    return caught.value.message


async def test_what_is_refused(chat: Chat, ann: Sender, bob: Sender) -> None:
    store, clock, cid = chat.world.store, chat.world.clock, (await chat.sender("cid")).caller
    for rid in ("r-eng", "nowhere"):
        assert await refused(read(store, clock, cid, rid)) == "error-invalid-subscription"
        assert await refused(unread_room(store, clock, cid, rid)) == "error-invalid-subscription"
    empty = "There are no messages to mark unread [error-no-message-for-unread]"
    assert await refused(unread_room(store, clock, bob.caller, "r-eng")) == empty
    said = await chat.say(ann, "one")
    outside = "Subscription not found [error-subscription-not-found]"
    assert await refused(unread_from(store, clock, cid, said.id)) == outside
    for id in ("nothing", said.id):
        text = "Not allowed [error-action-not-allowed]"
        assert await refused(unread_from(store, clock, ann.caller, id)) == text
    assert await membership(store, cid, "r-eng") is None


async def test_what_changed_among_memberships(chat: Chat, ann: Sender, bob: Sender) -> None:
    assert await changed(chat, bob) == {"r-eng", "r-ops"}
    assert await changed(chat, bob, NOW) == set()
    chat.world.now += 1_000
    await chat.say(ann, "hi")
    assert await changed(chat, bob, NOW) == {"r-eng"}
    assert await changed(chat, bob, NOW + 1_000) == set()
    chat.world.now += 1_000
    await read(chat.world.store, chat.world.clock, bob.caller, "r-ops")
    assert await changed(chat, bob, NOW + 1_000) == {"r-ops"}
    await unread_room(chat.world.store, lambda: NOW + 5_000, bob.caller, "r-eng")
    assert await changed(chat, bob, NOW + 4_000) == {"r-eng"}


async def test_memberships_that_have_ended(chat: Chat, bob: Sender) -> None:
    before = int(time.time() * 1000) - 10  # the database counts days in floating point
    await chat.world.write(Remove("subscriptions", "r-eng-bob"))
    texts, ended = await memberships(chat.world.store, bob.caller, before)
    assert ([one.id for one in ended], texts) == (["r-eng-bob"], [])
    assert (await memberships(chat.world.store, bob.caller))[1] == []
