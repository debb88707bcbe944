"""What changed since a client last asked."""

import time

import msgspec
import pytest

from strongback.errors import Failure
from strongback.messages.delete import delete
from strongback.messages.edit import edit
from strongback.messages.sync import changed, deleted
from tests.messages.chat import Chat
from tests.room_world import NOW

pytestmark = pytest.mark.anyio


async def test_what_was_written_and_changed(chat: Chat) -> None:
    ann, world = await chat.sender("ann"), chat.world
    made = []
    for text in ("one", "two", "three"):
        made.append(await chat.say(ann, text))
        world.now += 1_000
    await edit(world.store, world.clock, ann, "r-eng", made[0].id, "uno")

    async def since(at: int) -> list[str]:
        return [
            msgspec.json.decode(text)["msg"] for text in await changed(world.store, ann.caller, "r-eng", at)
        ]

    assert await since(NOW - 1) == ["three", "two", "uno"]
    assert await since(NOW + 1_000) == ["three", "uno"]
    assert await since(NOW + 3_000) == []


async def test_what_went(chat: Chat) -> None:
    ann, world = await chat.sender("ann"), chat.world
    before = int(time.time() * 1000) - 10  # the database counts days in floating point
    made = [await chat.say(ann, text) for text in ("one", "two")]
    await delete(world.store, world.clock, ann, "r-eng", made[0].id)
    (gone,) = await deleted(world.store, ann.caller, "r-eng", before)
    assert gone.id == made[0].id
    assert before < gone.at <= int(time.time() * 1000) + 1
    assert await deleted(world.store, ann.caller, "r-eng", gone.at) == []


async def test_only_in_rooms_that_the_caller_sees(chat: Chat) -> None:
    cid = await chat.sender("cid")
    for read in (
        changed(chat.world.store, cid.caller, "r-eng", 0),
        deleted(chat.world.store, cid.caller, "r-eng", 0),
    ):
        with pytest.raises(Failure, match=r"^Not allowed$") as caught:
            await read
        assert caught.value.error == "error-not-allowed"
