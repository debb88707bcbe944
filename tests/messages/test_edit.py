"""Editing (spec/07 sections 1 and 3)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.build import Draft
from strongback.messages.edit import edit
from strongback.messages.sender import Sender
from strongback.storage.steps import Put, Remove
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

NOT_ALLOWED = "Message editing not allowed [error-action-not-allowed]"
BLOCKED = "Message editing is blocked [error-message-editing-blocked]"


async def change(
    chat: Chat, who: Sender, id: str, text: str = "new", rid: str = "r-eng", **more: Any
) -> Document:
    world = chat.world
    return await edit(world.store, world.clock, who, rid, id, text, on_event=[chat.hook], **more)


async def refused(chat: Chat, who: Sender, id: str, text: str = "new", rid: str = "r-eng") -> str:
    before = await chat.messages()
    with pytest.raises(Failure) as caught:
        await change(chat, who, id, text, rid)
    assert await chat.messages() == before
    return caught.value.message


async def test_a_new_text(chat: Chat) -> None:
    ann = await chat.sender("ann")
    old = await chat.say(ann, Draft("old", {"unknown": 1, "alias": None}))
    chat.world.now += 1_000
    made = await change(chat, ann, old.id, "new @bob https://x.example #town")
    stamp = "2023-11-14T22:13:21.000Z"
    assert made.body == old.body | {
        "msg": "new @bob https://x.example #town",
        "urls": [{"url": "https://x.example", "meta": {}}],
        "mentions": [{"_id": "u-bob", "username": "bob", "type": "user"}],
        "channels": [{"_id": "r-town", "name": "town"}],
        "editedAt": stamp,
        "editedBy": {"_id": "u-ann", "username": "ann"},
        "_updatedAt": stamp,
    }
    assert await chat.messages() == [made.body]
    assert (await chat.room())["lastMessage"] == made.body
    assert [event.kind for event in chat.events] == ["sendMessage", "sendMessage"]
    assert chat.events[1].message == made


async def test_the_same_text_changes_nothing(chat: Chat) -> None:
    ann = await chat.sender("ann")
    old = await chat.say(ann, "old")
    assert (await change(chat, ann, old.id, "old")).body == old.body
    assert len(chat.events) == 1
    assert "editedAt" in (await change(chat, ann, old.id, "old", custom_fields={"a": 1})).body
    assert (await chat.world.body("messages", old.id))["customFields"] == {"a": 1}


async def test_the_same_text_tells_a_stranger_nothing(chat: Chat) -> None:
    old = await chat.say(await chat.sender("ann"), "secret")
    assert await refused(chat, await chat.sender("cid"), old.id, "secret") == "error-not-allowed"


async def test_what_is_not_there(chat: Chat) -> None:
    ann = await chat.sender("ann")
    old = await chat.say(ann, "old")
    hidden = {**old.body, "_id": "h1", "_hidden": True}
    await chat.world.write(Put("messages", Document("h1", hidden)))
    assert await refused(chat, ann, "nothing") == 'No message found with the id of "nothing".'
    assert await refused(chat, ann, "h1") == 'No message found with the id of "h1".'
    text = "The room id provided does not match where the message is from."
    assert await refused(chat, ann, old.id, rid="r-town") == text


async def test_who_may_edit(chat: Chat) -> None:
    old = await chat.say(await chat.sender("ann"), "old")
    assert await refused(chat, await chat.sender("bob"), old.id) == NOT_ALLOWED
    off = {"Message_AllowEditing": False}
    assert await refused(chat, await chat.sender("ann", **off), old.id) == NOT_ALLOWED
    await change(chat, await chat.sender("bob", "edit-message", **off), old.id)
    made = await change(chat, await chat.sender("ann"), old.id, "again")
    assert made.body["editedBy"]["_id"] == "u-ann"


@pytest.mark.parametrize(
    ("minutes", "age", "late"), [(0, 10**9, False), (1, 59_999, False), (1, 60_000, True)]
)
async def test_how_long(chat: Chat, minutes: int, age: int, late: bool) -> None:
    ann = await chat.sender("ann", Message_AllowEditing_BlockEditInMinutes=minutes)
    old = await chat.say(ann, "old")
    chat.world.now += age
    if late:
        assert await refused(chat, ann, old.id) == BLOCKED
        ann = await chat.sender(
            "ann", "bypass-time-limit-edit-and-delete", Message_AllowEditing_BlockEditInMinutes=minutes
        )
    await change(chat, ann, old.id)


async def test_an_editor_must_still_be_able_to_post(chat: Chat) -> None:
    ann = await chat.sender("ann")
    old = await chat.say(ann, "old")
    await chat.world.write(
        Put("rooms", Document("r-eng", {"_id": "r-eng", "t": "p", "name": "eng", "muted": ["ann"]}))
    )
    assert await refused(chat, ann, old.id) == "You_have_been_muted"
    await chat.world.write(Remove("subscriptions", "r-eng-ann"))
    assert await refused(chat, ann, old.id) == "error-not-allowed"


async def test_system_messages_are_not_edited(chat: Chat) -> None:
    cid = await chat.sender("cid", "edit-message")
    await chat.tell(cid, "#town")
    joined = (await chat.messages("r-town"))[0]
    with pytest.raises(Failure) as caught:
        await change(chat, cid, joined["_id"], rid="r-town")
    assert caught.value.message == NOT_ALLOWED


async def test_the_size_and_everybody_count_here_too(chat: Chat) -> None:
    ann = await chat.sender("ann", Message_MaxAllowedSize=5)
    old = await chat.say(ann, "old")
    assert "error-message-size-exceeded" in await refused(chat, ann, old.id, "longer")
    assert "error-action-not-allowed" in await refused(chat, ann, old.id, "@all")
    with pytest.raises(Failure, match="Unicode"):
        await change(chat, ann, old.id, "\ud800")


async def test_a_history_keeps_what_was_said(chat: Chat) -> None:
    ann = await chat.sender("ann", Message_KeepHistory=True)
    old = await chat.say(ann, "old")
    chat.world.now += 1_000
    made = await change(chat, ann, old.id)
    kept = next(body for body in await chat.messages() if body.get("_hidden"))
    stamp = "2023-11-14T22:13:21.000Z"
    assert kept == old.body | {
        "_id": kept["_id"],
        "_hidden": True,
        "parent": old.id,
        "editedAt": stamp,
        "editedBy": {"_id": "u-ann", "username": "ann"},
        "_updatedAt": stamp,
    }
    assert (await chat.room())["lastMessage"] == made.body


async def test_of_a_file_its_description_is_edited(chat: Chat) -> None:
    ann = await chat.sender("ann")
    old = await chat.say(ann, Draft("", {"attachments": [{"title": "a.png", "description": "old"}]}))
    made = await change(chat, ann, old.id)
    assert (made.body["msg"], made.body["attachments"]) == ("", [{"title": "a.png", "description": "new"}])
    assert (await change(chat, ann, old.id, "new")).body == made.body


async def test_links_that_may_be_previewed(chat: Chat) -> None:
    ann = await chat.sender("ann")
    old = await chat.say(ann, "https://x.example")
    made = await change(chat, ann, old.id, "https://x.example", previews=frozenset())
    assert made.body["urls"] == [{"url": "https://x.example", "meta": {}, "ignoreParse": True}]


async def test_edits_at_once_are_all_made_one_after_the_other(chat: Chat) -> None:
    ann = await chat.sender("ann", Message_KeepHistory=True)
    old = await chat.say(ann, "old")
    await asyncio.gather(*(change(chat, ann, old.id, f"{number}") for number in range(6)))
    said = [body["msg"] for body in await chat.messages()]
    assert sorted(said) == ["0", "1", "2", "3", "4", "5", "old"]
