"""Listing the messages of a room that are marked."""

from typing import Any

import msgspec
import pytest

from strongback.errors import Failure
from strongback.listing import Wanted
from strongback.messages.marked import Mark, marked
from strongback.messages.pin import pin, unpin
from strongback.messages.sender import Sender
from strongback.messages.star import star
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

FIRST = Wanted()


async def listed(
    chat: Chat, who: Sender, how: Mark, wanted: Wanted = FIRST, rid: str = "r-eng"
) -> tuple[list[dict[str, Any]], int]:
    found = await marked(chat.world.store, who.caller, rid, how, wanted)
    return [msgspec.json.decode(text) for text in found.texts], found.total


@pytest.fixture
async def people(chat: Chat) -> dict[str, Sender]:
    return {name: await chat.sender(name, "pin-message") for name in ("ann", "bob", "cid")}


async def say(chat: Chat, who: Sender, *texts: str, rid: str = "r-eng") -> list[str]:
    made = []
    for text in texts:
        chat.world.now += 1_000
        made.append((await chat.say(who, text, rid)).id)
    return made


async def test_mentions_of_the_caller_newest_first(chat: Chat, people: dict[str, Sender]) -> None:
    texts = ("@bob one", "@cid two", "three @bob", "@all")
    ids = await say(chat, await chat.sender("ann", "mention-all"), *texts)
    await say(chat, people["ann"], "@bob", rid="r-town")
    found, total = await listed(chat, people["bob"], "mentions")
    assert ([one["_id"] for one in found], total) == ([ids[2], ids[0]], 2)
    found, total = await listed(chat, people["bob"], "mentions", Wanted(1, 1))
    assert ([one["_id"] for one in found], total) == ([ids[0]], 2)
    found, _ = await listed(chat, people["bob"], "mentions", Wanted(sort={"ts": 1}))
    assert [one["_id"] for one in found] == [ids[0], ids[2]]


async def test_stars_of_the_caller_alone(chat: Chat, people: dict[str, Sender]) -> None:
    ids, world = await say(chat, people["ann"], "one", "two"), chat.world
    for who, id in (("ann", ids[0]), ("bob", ids[0]), ("bob", ids[1])):
        await star(world.store, world.clock, people[who], id, starred=True)
    found, total = await listed(chat, people["ann"], "starred")
    assert ([(one["_id"], one["starred"]) for one in found], total) == ([(ids[0], [{"_id": "u-ann"}])], 1)
    assert (await listed(chat, people["bob"], "starred"))[1] == 2


async def test_pins_are_everybodys(chat: Chat, people: dict[str, Sender]) -> None:
    ids, world = await say(chat, people["ann"], "one", "two"), chat.world
    for id in ids:
        await pin(world.store, world.clock, people["ann"], id)
    await unpin(world.store, world.clock, people["ann"], ids[1])
    found, total = await listed(chat, people["bob"], "pinned")
    assert ([one["_id"] for one in found], total) == ([ids[0]], 1)


@pytest.mark.parametrize("how", ["pinned", "starred", "mentions"])
async def test_only_in_rooms_that_the_caller_sees(chat: Chat, people: dict[str, Sender], how: Mark) -> None:
    for rid in ("r-eng", "nowhere", ""):
        with pytest.raises(Failure) as caught:
            await listed(chat, people["cid"], how, rid=rid)
        plain = "error-not-allowed"
        assert caught.value.message == (f"Not allowed [{plain}]" if how == "pinned" else plain)
    assert await listed(chat, people["cid"], how, rid="r-town") == ([], 0)
