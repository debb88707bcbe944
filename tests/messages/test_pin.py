"""Pins (spec/07 section 1)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.build import Draft
from strongback.messages.pin import pin, unpin
from strongback.messages.react import react
from strongback.messages.sender import Sender
from strongback.messages.star import star
from strongback.storage.steps import Put
from tests.messages.chat import Chat
from tests.room_world import NOW

pytestmark = pytest.mark.anyio

STAMP, LATER = "2023-11-14T22:13:20.000Z", "2023-11-14T22:13:21.000Z"


@pytest.fixture
async def ann(chat: Chat) -> Sender:
    """Ann, who may pin."""
    return await chat.sender("ann", "pin-message")


async def refused(chat: Chat, who: Sender, id: str, verb: Any = pin) -> Failure:
    before = await chat.messages()
    with pytest.raises(Failure) as caught:
        await verb(chat.world.store, chat.world.clock, who, id)
    assert await chat.messages() == before
    return caught.value


async def test_a_pin_is_told_with_what_was_said(chat: Chat, ann: Sender) -> None:
    bob = await chat.sender("bob")
    attachments = [{"text": "inner", "ts": STAMP}]
    made = await chat.say(bob, Draft("look", {"attachments": attachments}))
    stored = await chat.world.store.get("messages", made.id)
    assert stored is not None
    dated = stored.decode()
    dated.dates = (*dated.dates, ("attachments", 0, "ts"))
    await chat.world.write(Put("messages", dated))
    chat.world.now += 1_000
    chat.events.clear()
    told = await pin(chat.world.store, chat.world.clock, ann, made.id)
    assert told.body == {
        "_id": told.id,
        "t": "message_pinned",
        "rid": "r-eng",
        "msg": "",
        "u": {"_id": "u-ann", "username": "ann"},
        "groupable": False,
        "ts": LATER,
        "_updatedAt": LATER,
        "attachments": [
            {
                "text": "look",
                "author_name": "bob",
                "author_icon": "/avatar/bob",
                "ts": STAMP,
                "attachments": attachments,
            }
        ],
    }
    assert set(told.dates) == {
        ("ts",),
        ("_updatedAt",),
        ("attachments", 0, "ts"),
        ("attachments", 0, "attachments", 0, "ts"),
    }
    original, system = await chat.messages()
    assert system == told.body
    assert {name: original[name] for name in ("pinned", "pinnedAt", "pinnedBy", "_updatedAt")} == {
        "pinned": True,
        "pinnedAt": LATER,
        "pinnedBy": {"_id": "u-ann", "username": "ann"},
        "_updatedAt": LATER,
    }
    room = await chat.room()
    assert (room["lastMessage"]["_id"], room["lastMessage"]["pinned"]) == (made.id, True)
    assert (room["msgs"], room["lm"]) == (2, STAMP)
    assert chat.events == []


async def test_unpin(chat: Chat, ann: Sender) -> None:
    id = (await chat.say(ann, "look")).id
    await pin(chat.world.store, chat.world.clock, ann, id)
    chat.world.now += 1_000
    await unpin(chat.world.store, chat.world.clock, ann, id)
    body = await chat.world.body("messages", id)
    assert (body["pinned"], body["pinnedAt"], body["_updatedAt"]) == (False, LATER, LATER)
    assert len(await chat.messages()) == 2


async def test_who_may_pin_in_the_order_of_the_reasons(chat: Chat, ann: Sender) -> None:
    id = (await chat.say(ann, "look")).id
    for verb, name in ((pin, "pin"), (unpin, "unpin")):
        missing = await refused(chat, ann, "nothing", verb)
        assert missing.message == (
            'The provided "messageId" does not match any existing message. [error-message-not-found]'
        )
        off = await refused(chat, await chat.sender("cid", Message_AllowPinning=False), id, verb)
        details = {"method": f"{name}Message", "action": "Message_pinning"}
        assert (off.message, off.details) == (
            "Message pinning not allowed [error-action-not-allowed]",
            details,
        )
        outside = await refused(chat, await chat.sender("cid", "pin-message"), id, verb)
        text = f"Message you are {name}ning was not found [error-invalid-message]"
        assert outside.message == text
        unable = await refused(chat, await chat.sender("bob"), id, verb)
        assert unable.message == "Not Authorized [not-authorized]"


async def test_an_encrypted_message_is_pinned_as_one(chat: Chat, ann: Sender) -> None:
    made = await chat.say(ann, Draft("xyz", {"t": "e2e"}))
    told = await pin(chat.world.store, chat.world.clock, ann, made.id)
    assert told.body["t"] == "message_pinned_e2e"


async def test_with_a_history_the_message_as_it_was_is_kept_hidden(chat: Chat) -> None:
    ann = await chat.sender("ann", "pin-message", Message_KeepHistory=True)
    id = (await chat.say(ann, "look")).id
    await pin(chat.world.store, chat.world.clock, ann, id)
    (kept,) = (one for one in await chat.messages() if one.get("_hidden"))
    assert (kept["parent"], kept["msg"], "pinned" in kept) == (id, "look", False)


async def test_a_message_without_an_author(chat: Chat, ann: Sender) -> None:
    document = Document("m1", {"_id": "m1", "rid": "r-eng", "msg": "old", "attachments": None})
    document.set_date("ts", NOW)
    await chat.world.write(Put("messages", document))
    told = await pin(chat.world.store, chat.world.clock, ann, "m1")
    (quoted,) = told.body["attachments"]
    assert (quoted["author_name"], quoted["attachments"]) == (None, [])


async def test_what_others_do_to_the_message_at_once_stays(chat: Chat, ann: Sender) -> None:
    world, bob = chat.world, await chat.sender("bob")
    id = (await chat.say(ann, "look")).id
    await asyncio.gather(
        react(world.store, world.clock, bob, id, "eyes"),
        pin(world.store, world.clock, ann, id),
        star(world.store, world.clock, bob, id, starred=True),
        unpin(world.store, world.clock, ann, id),
    )
    body = await world.body("messages", id)
    assert body["reactions"] == {":eyes:": {"usernames": ["bob"]}}
    assert (body["starred"], "pinned" in body) == ([{"_id": "u-bob"}], True)
    assert len(await chat.messages()) == 2
