"""Posting: who may, what is stored, what happens at the same moment (spec/06 A6, spec/07 sections 3 and 4)."""

from dataclasses import replace
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.build import Draft, draft
from strongback.messages.place import Place, place_by_id
from strongback.messages.post import post
from strongback.storage.changes import Changes
from strongback.storage.steps import Put
from tests.messages.chat import Chat
from tests.room_world import NOW

pytestmark = pytest.mark.anyio

STAMP = "2023-11-14T22:13:20.000Z"


async def refused(chat: Chat, who: Any, message: Draft | str, rid: str = "r-eng") -> Failure:
    """Why an account may not post."""
    before = await chat.messages(rid)
    with pytest.raises(Failure) as caught:
        await chat.say(who, message, rid)
    assert await chat.messages(rid) == before
    return caught.value


async def test_a_message_as_it_is_stored(chat: Chat) -> None:
    ann = await chat.sender("ann")
    made = await chat.say(ann, draft({"text": "hi", "emoji": ":x:", "channel": "#eng"}))
    assert made.body == {
        "_id": made.id,
        "rid": "r-eng",
        "msg": "hi",
        "ts": STAMP,
        "u": {"_id": "u-ann", "username": "ann"},
        "_updatedAt": STAMP,
        "urls": [],
        "mentions": [],
        "channels": [],
        "emoji": ":x:",
        "groupable": False,
        "attachments": [],
        "parseUrls": True,
    }
    assert list(made.body)[:6] == ["_id", "rid", "msg", "ts", "u", "_updatedAt"]
    stored = await chat.world.store.get("messages", made.id)
    assert stored is not None
    assert stored.decode().body == made.body
    assert stored.decode().dates == (("ts",), ("_updatedAt",))
    room = await chat.room()
    assert (room["msgs"], room["lm"], room["lastMessage"]) == (1, STAMP, made.body)


async def test_the_name_of_the_author_is_told(chat: Chat) -> None:
    account = Document("u-ann", {"_id": "u-ann", "username": "ann", "name": "Ann A", "services": {"x": 1}})
    await chat.world.write(Put("users", account))
    made = await chat.say(await chat.sender("ann"), "hi")
    assert made.body["u"] == {"_id": "u-ann", "username": "ann", "name": "Ann A"}


async def test_an_event_is_told_with_public_documents(chat: Chat) -> None:
    account = Document("u-ann", {"_id": "u-ann", "username": "ann", "services": {"password": "h"}})
    room = Document("r-eng", {"_id": "r-eng", "t": "p", "name": "eng", "joinCode": "x"})
    await chat.world.write(Put("users", account), Put("rooms", room))
    made = await chat.say(await chat.sender("ann"), "hi", hops=3)
    (event,) = chat.events
    assert (event.kind, event.message, event.at, event.hops, event.owner) == (
        "sendMessage",
        made,
        NOW,
        3,
        None,
    )
    assert event.user.body == {"_id": "u-ann", "username": "ann"}
    assert event.room is not None
    assert (event.room.id, "joinCode" in event.room.body) == ("r-eng", False)


async def test_what_a_hook_adds_is_written_with_the_message(chat: Chat) -> None:
    async def refuse(changes: Changes, _: Any) -> None:
        changes.steps.append(Put("roles", Document("r1", {"_id": "r1", "name": "told"})))

    ann, world = await chat.sender("ann"), chat.world

    async def find() -> Place:
        return await place_by_id(world.store, "r-eng", "u-ann")

    await post(world.store, world.clock, ann, find, Draft("hi"), on_event=[refuse])
    assert await world.store.get("roles", "r1") is not None


async def test_a_bot_is_marked_whatever_the_message_says(chat: Chat) -> None:
    ann = await chat.sender("ann")
    made = await chat.say(ann, draft({"text": "hi", "bot": {"i": "forged"}}), bot={"i": "i1"})
    assert made.body["bot"] == {"i": "i1"}
    assert (await chat.say(ann, draft({"bot": {"i": "own"}}))).body["bot"] == {"i": "own"}


async def test_a_member_posts_and_others_do_not(chat: Chat) -> None:
    assert (await chat.say(await chat.sender("bob"), "hi")).body["u"]["_id"] == "u-bob"
    assert (await refused(chat, await chat.sender("cid"), "hi")).message == "error-not-allowed"
    ann = await chat.sender("ann")
    with pytest.raises(Failure, match=r"^error-invalid-room$"):
        await chat.say(ann, "hi", "nowhere")
    without = replace(ann, caller=chat.world.caller("ann"))
    assert (await refused(chat, without, "hi")).message == "error-not-allowed"


async def test_an_administrator_gets_no_bypass(chat: Chat) -> None:
    boss = await chat.sender("cid", "view-room-administration", "force-delete-message")
    assert (await refused(chat, boss, "hi")).message == "error-not-allowed"


async def test_a_discussion_is_open_to_the_members_of_its_parent(chat: Chat) -> None:
    await chat.world.room("talk", prid="r-eng")
    await chat.say(await chat.sender("bob"), "hi", "r-talk")
    assert (await refused(chat, await chat.sender("cid"), "hi", "r-talk")).message == "error-not-allowed"


async def test_a_public_channel_is_open_by_id_without_joining(chat: Chat) -> None:
    await chat.say(await chat.sender("cid"), "hi", "r-town")
    assert await chat.world.bodies("subscriptions", "rid", "r-town") == []


async def test_a_conversation_that_is_blocked(chat: Chat) -> None:
    await chat.world.room("dm", "ann", "bob", kind="d")
    mine = await chat.world.body("subscriptions", "r-dm-ann")
    for mark in ("blocked", "blocker"):
        await chat.world.write(Put("subscriptions", Document("r-dm-ann", mine | {mark: True})))
        assert (await refused(chat, await chat.sender("ann"), "hi", "r-dm")).message == "room_is_blocked"
    await chat.say(await chat.sender("bob"), "hi", "r-dm")


async def test_nobody_writes_in_an_archived_room(chat: Chat) -> None:
    await chat.world.room("old", "ann", archived=True)
    assert (await refused(chat, await chat.sender("ann"), "hi", "r-old")).message == "room_is_archived"
    assert (await refused(chat, await chat.sender("cid"), "hi", "r-old")).message == "error-not-allowed"


async def test_a_read_only_room(chat: Chat) -> None:
    await chat.world.room("news", "ann", "bob", "cid", ro=True, unmuted=["cid"])
    text = "You can't send messages because the room is readonly."
    assert (await refused(chat, await chat.sender("bob"), "hi", "r-news")).message == text
    await chat.say(await chat.sender("cid"), "hi", "r-news")
    await chat.say(await chat.sender("bob", "post-readonly"), "hi", "r-news")
    owner = await chat.sender("ann")
    granted = {**owner.caller.access.permissions, "post-readonly": frozenset({"owner"})}
    access = replace(owner.caller.access, permissions=granted)
    await chat.say(replace(owner, caller=replace(owner.caller, access=access)), "hi", "r-news")


async def test_a_muted_member(chat: Chat) -> None:
    await chat.world.room("loud", "ann", "bob", muted=["bob"])
    assert (await refused(chat, await chat.sender("bob"), "hi", "r-loud")).message == "You_have_been_muted"
    await chat.say(await chat.sender("ann"), "hi", "r-loud")


async def test_lists_that_an_import_brought_as_texts_hold_nobody(chat: Chat) -> None:
    await chat.world.room("odd", "bob", muted="bobby", unmuted="bobby", ro=True)
    text = "You can't send messages because the room is readonly."
    assert (await refused(chat, await chat.sender("bob"), "hi", "r-odd")).message == text
    await chat.say(await chat.sender("bob", "post-readonly"), "hi", "r-odd")


@pytest.mark.parametrize(
    ("body", "allowed"),
    [({"alias": "Boss"}, False), ({"avatar": "/a/b"}, False), ({"emoji": ":x:"}, True), ({}, True)],
)
async def test_another_name_needs_a_permission(chat: Chat, body: dict[str, Any], allowed: bool) -> None:
    ann = await chat.sender("ann")
    if not allowed:
        assert (await refused(chat, ann, draft(body))).message == "Not enough permission"
    await chat.say(ann if allowed else await chat.sender("ann", "message-impersonate"), draft(body))


@pytest.mark.parametrize(
    ("text", "fits"), [("a" * 5, True), ("a" * 6, False), ("😀😀a", True), ("😀😀aa", False)]
)
async def test_the_size_is_counted_in_utf16(chat: Chat, text: str, fits: bool) -> None:
    ann = await chat.sender("ann", Message_MaxAllowedSize=5)
    if fits:
        await chat.say(ann, text)
    else:
        failure = await refused(chat, ann, text)
        assert failure.message == "Message size exceeds Message_MaxAllowedSize [error-message-size-exceeded]"


async def test_an_encrypted_room_takes_what_the_settings_say(chat: Chat) -> None:
    await chat.world.room("safe", "ann", encrypted=True)
    strict = {"E2E_Enable": True, "E2E_Allow_Unencrypted_Messages": False}
    failure = await refused(chat, await chat.sender("ann", **strict), "hi", "r-safe")
    text = "Not allowed to send un-encrypted messages in an encrypted room [error-not-allowed]"
    assert failure.message == text
    await chat.say(await chat.sender("ann", **strict), Draft("x", {"t": "e2e"}), "r-safe")
    await chat.say(await chat.sender("ann", E2E_Enable=True), "hi", "r-safe")
    await chat.say(await chat.sender("ann", E2E_Allow_Unencrypted_Messages=False), "hi", "r-safe")


async def test_links_and_those_that_may_be_previewed(chat: Chat) -> None:
    ann = await chat.sender("ann")
    text = "https://a.example https://b.example"
    made = await chat.say(ann, Draft(text, previews=frozenset({"https://b.example"})))
    assert made.body["urls"] == [
        {"url": "https://a.example", "meta": {}, "ignoreParse": True},
        {"url": "https://b.example", "meta": {}},
    ]
    assert "urls" not in (await chat.say(ann, Draft(text, parse_urls=False))).body


async def test_a_system_message_counts_but_is_never_the_last(chat: Chat) -> None:
    made = await chat.say(await chat.sender("ann"), "hi")
    await chat.tell(await chat.sender("cid"), "#town")
    town, eng = await chat.room("r-town"), await chat.room()
    assert (town["msgs"], town["lastMessage"]["msg"], eng["lastMessage"]["_id"]) == (2, "hi", made.id)


async def test_a_message_may_not_carry_more_than_a_page_can_bear(chat: Chat) -> None:
    ann = await chat.sender("ann")
    await chat.say(ann, draft({"text": "x", "attachments": [{"text": "y" * 90_000}]}))
    heavy = draft({"text": "x", "attachments": [{"text": "y" * 100_001}]})
    assert (await refused(chat, ann, heavy)).error == "error-message-size-exceeded"
