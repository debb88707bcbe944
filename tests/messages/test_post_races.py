"""Posting while other things happen: guards hold until the commit, and a lost race is asked again."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Conflict, Failure, Unavailable
from strongback.messages.build import Draft
from strongback.messages.place import Place, place_by_id
from strongback.messages.post import post, prepare
from strongback.storage.changes import Changes
from strongback.storage.guards import Present
from strongback.storage.steps import Put, Remove, RemoveAll
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio


async def lost(chat: Chat, changes: Changes) -> None:
    """The commit is refused and nothing is written."""
    with pytest.raises(Conflict):
        await chat.world.store.commit(changes)
    assert await chat.messages() == []


async def test_an_id_of_the_clients_own_is_taken_once(chat: Chat) -> None:
    ann = await chat.sender("ann")
    made = await asyncio.gather(
        *(chat.say(ann, Draft(f"{number}", id="m1")) for number in range(5)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in made) == ["Document", *["Failure"] * 4]
    assert len(await chat.messages()) == 1


async def test_who_was_kicked_meanwhile_does_not_post(chat: Chat) -> None:
    bob, world = await chat.sender("bob"), chat.world
    place = await place_by_id(world.store, "r-eng", "u-bob")
    _, changes = await prepare(world.store, world.clock, bob, place, Draft("hi"))
    await world.write(Remove("subscriptions", "r-eng-bob"))
    await lost(chat, changes)
    with pytest.raises(Failure, match=r"^error-not-allowed$"):
        await chat.say(bob, "hi")


@pytest.mark.parametrize("more", [{"muted": ["bob"]}, {"ro": True}, {"name": "renamed"}])
async def test_a_room_that_changed_meanwhile_is_asked_again(chat: Chat, more: dict[str, Any]) -> None:
    bob, world = await chat.sender("bob"), chat.world
    place = await place_by_id(world.store, "r-eng", "u-bob")
    _, changes = await prepare(world.store, world.clock, bob, place, Draft("hi"))
    await world.write(Put("rooms", Document("r-eng", {"_id": "r-eng", "t": "p", "name": "eng", **more})))
    await lost(chat, changes)


async def test_a_room_that_went_meanwhile_gets_no_message(chat: Chat) -> None:
    bob, world = await chat.sender("bob"), chat.world
    place = await place_by_id(world.store, "r-eng", "u-bob")
    _, changes = await prepare(world.store, world.clock, bob, place, Draft("hi"))
    await world.write(RemoveAll("subscriptions", "rid", "r-eng"), Remove("rooms", "r-eng"))
    await lost(chat, changes)


async def test_an_account_that_went_meanwhile_does_not_post(chat: Chat) -> None:
    cid = await chat.sender("cid")
    await chat.world.write(Remove("users", "u-cid"))
    with pytest.raises(Failure) as caught:
        await chat.say(cid, "hi", "r-town")
    assert caught.value.message == "Invalid user [error-invalid-user]"
    assert await chat.messages("r-town") == []


async def test_a_hook_that_never_fits_ends_in_a_sentence(chat: Chat) -> None:
    async def impossible(changes: Changes, _: Any) -> None:
        changes.guards.append(Present("users", "nobody"))

    ann, world = await chat.sender("ann"), chat.world

    async def find() -> Place:
        return await place_by_id(world.store, "r-eng", "u-ann")

    with pytest.raises(Unavailable):
        await post(world.store, world.clock, ann, find, Draft("hi"), on_event=[impossible])


async def test_rows_do_not_grow_with_members(chat: Chat) -> None:
    names = [f"x{number}" for number in range(30)]
    await chat.world.users(*names)
    await chat.world.room("big", "ann", *names)
    ann, world = await chat.sender("ann"), chat.world
    sizes = []
    for rid in ("r-eng", "r-big"):
        place = await place_by_id(world.store, rid, "u-ann")
        _, changes = await prepare(world.store, world.clock, ann, place, Draft("hi"))
        sizes.append((len(changes.guards), len(changes.steps)))
    assert sizes == [(2, 2), (2, 2)]


async def test_many_post_at_once_and_all_are_counted(chat: Chat) -> None:
    ann, bob = await chat.sender("ann"), await chat.sender("bob")
    made = await asyncio.gather(*(chat.say(who, "hi") for who in (ann, bob) for _ in range(20)))
    assert len({one.id for one in made}) == 40
    assert (await chat.room())["msgs"] == 40
