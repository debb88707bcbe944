"""Deleting (spec/07 sections 1 and 3)."""

from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.build import Draft
from strongback.messages.delete import delete
from strongback.messages.pin import pin
from strongback.messages.sender import Sender
from strongback.messages.star import star
from strongback.storage.steps import Put, Remove
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

NOT_ALLOWED = "Not allowed [error-action-not-allowed]"
LATER = "2023-11-14T22:13:21.000Z"


async def erase(chat: Chat, who: Sender, id: str, rid: str = "r-eng", **more: Any) -> Document:
    return await delete(chat.world.store, chat.world.clock, who, rid, id, **more)


async def refused(chat: Chat, who: Sender, id: str, rid: str = "r-eng", **more: Any) -> str:
    before = await chat.messages()
    with pytest.raises(Failure) as caught:
        await erase(chat, who, id, rid, **more)
    assert await chat.messages() == before
    return caught.value.message


async def test_a_message_goes_and_the_one_before_is_the_last(chat: Chat) -> None:
    ann = await chat.sender("ann")
    first = await chat.say(ann, "one")
    chat.world.now += 1
    second = await chat.say(ann, "two")
    assert (await erase(chat, ann, second.id)).body == second.body
    assert await chat.messages() == [first.body]
    room = await chat.room()
    assert (room["msgs"], room["lastMessage"]["_id"]) == (1, first.id)
    await erase(chat, ann, first.id)
    assert "lastMessage" not in await chat.room()


async def test_what_is_not_there(chat: Chat) -> None:
    ann = await chat.sender("ann")
    made = await chat.say(ann, "one")
    assert await refused(chat, ann, "nothing") == 'No message found with the id of "nothing".'
    text = "The room id provided does not match where the message is from."
    assert await refused(chat, ann, made.id, "r-town") == text


async def test_who_may_delete(chat: Chat) -> None:
    made = await chat.say(await chat.sender("ann"), "one")
    assert await refused(chat, await chat.sender("bob"), made.id) == NOT_ALLOWED
    off = {"Message_AllowDeleting": False}
    assert await refused(chat, await chat.sender("ann", **off), made.id) == NOT_ALLOWED
    assert await refused(chat, await chat.sender("bob", "delete-message", **off), made.id) == NOT_ALLOWED
    stranger = await chat.sender("cid", "delete-message", "force-delete-message")
    assert await refused(chat, stranger, made.id) == NOT_ALLOWED
    await erase(chat, await chat.sender("bob", "force-delete-message", **off), made.id)


async def test_ones_own_needs_a_permission_too(chat: Chat) -> None:
    ann = await chat.sender("ann")
    made = await chat.say(ann, "one")
    powerless = Sender(ann.account, chat.world.caller("ann", "view-p-room"))
    assert await refused(chat, powerless, made.id) == NOT_ALLOWED
    await erase(chat, Sender(ann.account, chat.world.caller("ann", "view-p-room", "delete-message")), made.id)


@pytest.mark.parametrize(
    ("minutes", "age", "late"), [(0, 10**9, False), (1, 59_999, False), (1, 60_000, True)]
)
async def test_how_long(chat: Chat, minutes: int, age: int, late: bool) -> None:
    limit = {"Message_AllowDeleting_BlockDeleteInMinutes": minutes}
    ann = await chat.sender("ann", **limit)
    made = await chat.say(ann, "one")
    chat.world.now += age
    if late:
        assert await refused(chat, ann, made.id) == NOT_ALLOWED
        ann = await chat.sender("ann", "bypass-time-limit-edit-and-delete", **limit)
    await erase(chat, ann, made.id)


async def test_as_its_author(chat: Chat) -> None:
    made = await chat.say(await chat.sender("ann"), "one")
    bob = await chat.sender("bob", "delete-message")
    text = 'Unauthorized. You must have the permission "force-delete-message" to delete other\'s message as them.'
    assert await refused(chat, bob, made.id, as_user=True) == text
    boss = await chat.sender("bob", "force-delete-message")
    assert await refused(chat, boss, made.id, as_user=True) == NOT_ALLOWED, (
        "ann has no role that is granted it"
    )
    await chat.world.write(
        Put("users", Document("u-ann", {"_id": "u-ann", "username": "ann", "roles": ["tested"]}))
    )
    await erase(chat, boss, made.id, as_user=True)
    assert await chat.messages() == []


async def test_as_an_author_who_is_gone(chat: Chat) -> None:
    made = await chat.say(await chat.sender("ann"), "one")
    boss = await chat.sender("bob", "force-delete-message")
    await chat.world.write(Remove("users", "u-ann"))
    assert await refused(chat, boss, made.id, as_user=True) == "User not found"
    await erase(chat, boss, made.id)


async def test_a_history_hides_it(chat: Chat) -> None:
    ann = await chat.sender("ann", Message_KeepHistory=True)
    made = await chat.say(ann, "one")
    await erase(chat, ann, made.id)
    assert await chat.messages() == [made.body | {"_hidden": True}]
    assert "lastMessage" not in await chat.room()
    text = f'No message found with the id of "{made.id}".'
    assert await refused(chat, ann, made.id) == text


GONE = {"t": "rm", "msg": "", "urls": [], "mentions": [], "attachments": [], "reactions": []}


async def test_the_status_says_that_it_is_gone(chat: Chat) -> None:
    ann = await chat.sender("ann", Message_ShowDeletedStatus=True)
    made = await chat.say(ann, Draft("one @bob", {"attachments": [{"text": "secret"}]}))
    chat.world.now += 1_000
    await erase(chat, ann, made.id)
    edited = {"editedAt": LATER, "editedBy": {"_id": "u-ann", "username": "ann"}, "_updatedAt": LATER}
    assert await chat.messages() == [made.body | GONE | edited]


async def test_marks_go_with_the_words(chat: Chat) -> None:
    ann = await chat.sender("ann", "pin-message", Message_ShowDeletedStatus=True)
    made = await chat.say(ann, "one")
    await pin(chat.world.store, chat.world.clock, ann, made.id)
    await star(chat.world.store, chat.world.clock, ann, made.id, starred=True)
    await erase(chat, ann, made.id)
    body = await chat.world.body("messages", made.id)
    assert body["t"] == "rm"
    assert not {"pinned", "pinnedAt", "pinnedBy", "starred"} & body.keys()


async def test_status_and_history_keep_both(chat: Chat) -> None:
    ann = await chat.sender("ann", Message_ShowDeletedStatus=True, Message_KeepHistory=True)
    made = await chat.say(ann, "one")
    await erase(chat, ann, made.id)
    shown, kept = sorted(await chat.messages(), key=lambda body: "_hidden" in body)
    assert (shown["_id"], shown["t"], shown["msg"]) == (made.id, "rm", "")
    assert (kept["_hidden"], kept["parent"], kept["msg"]) == (True, made.id, "one")


async def test_the_root_of_a_thread_stays_without_its_words(chat: Chat) -> None:
    ann = await chat.sender("ann")
    root = await chat.say(ann, "secret")
    reply = await chat.say(ann, Draft("reply", tmid=root.id))
    await erase(chat, ann, root.id)
    left = {body["_id"]: body for body in await chat.messages()}
    assert (left[root.id]["t"], left[root.id]["msg"], left[root.id]["tcount"]) == ("rm", "", 1)
    assert left.keys() == {root.id, reply.id}
    assert "secret" not in str(left)
