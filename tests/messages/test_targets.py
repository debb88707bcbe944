"""Where a message goes: rooms, accounts, joins, new conversations (spec/06 A6)."""

import asyncio
from dataclasses import replace

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.steps import Put, Remove
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio


async def test_rooms_by_id_and_by_name(chat: Chat) -> None:
    posted = await chat.tell(await chat.sender("ann"), "#eng", "#r-eng", "eng", "r-eng")
    assert [target for target, _ in posted] == ["#eng", "#r-eng", "eng", "r-eng"]
    assert {document.body["rid"] for _, document in posted} == {"r-eng"}


@pytest.mark.parametrize(
    "target", ["", "#", "@", "#nowhere", "@nobody", "nowhere", "bob", "@r-eng", "#u-bob", "Eng"]
)
async def test_what_names_nothing(chat: Chat, target: str) -> None:
    with pytest.raises(Failure) as caught:
        await chat.tell(await chat.sender("ann"), target)
    assert (caught.value.message, caught.value.error) == ("[invalid-channel]", "invalid-channel")


async def test_a_group_of_others(chat: Chat) -> None:
    for target in ("#eng", "r-eng"):
        with pytest.raises(Failure, match=r"^error-not-allowed$"):
            await chat.tell(await chat.sender("cid"), target)
    assert await chat.messages() == []


async def test_a_public_channel_is_joined(chat: Chat) -> None:
    cid = await chat.sender("cid")
    await chat.tell(cid, "#town")
    joined, said = await chat.messages("r-town")
    assert (joined["t"], joined["msg"], joined["u"]["_id"]) == ("uj", "cid", "u-cid")
    assert (said["msg"], said.get("t")) == ("hi", None)
    (mine,) = await chat.world.bodies("subscriptions", "rid", "r-town")
    assert mine["u"] == {"_id": "u-cid", "username": "cid"}
    assert (mine["open"], mine["alert"], mine["unread"], mine["name"]) == (True, False, 0, "town")
    room = await chat.room("r-town")
    assert (room["usersCount"], room["msgs"]) == (1, 2)
    assert [event.kind for event in chat.events] == ["roomJoined", "sendMessage"]
    assert chat.events[0].user.id == "u-cid"
    await chat.tell(cid, "town")
    assert len(await chat.messages("r-town")) == 3


async def test_many_join_once(chat: Chat) -> None:
    cid = await chat.sender("cid")
    await asyncio.gather(*(chat.tell(cid, "#town") for _ in range(5)))
    assert len(await chat.world.bodies("subscriptions", "rid", "r-town")) == 1
    assert [one.get("t") for one in await chat.messages("r-town")].count("uj") == 1


async def test_nobody_joins_where_the_message_is_refused(chat: Chat) -> None:
    await chat.world.room("news", kind="c", ro=True)
    cid = await chat.sender("cid")
    with pytest.raises(Failure, match="readonly"):
        await chat.tell(cid, "#news")
    assert await chat.world.bodies("subscriptions", "rid", "r-news") == []


async def test_a_channel_that_can_not_be_seen_is_not_joined(chat: Chat) -> None:
    blind = replace(await chat.sender("cid"), caller=chat.world.caller("cid", "view-joined-room"))
    with pytest.raises(Failure, match=r"^error-not-allowed$"):
        await chat.tell(blind, "#town")
    assert await chat.world.bodies("subscriptions", "rid", "r-town") == []


async def test_an_account_that_went_joins_nothing(chat: Chat) -> None:
    cid = await chat.sender("cid")
    await chat.world.write(Remove("users", "u-cid"))
    with pytest.raises(Failure) as caught:
        await chat.tell(cid, "#town")
    assert caught.value.error == "error-invalid-user"
    assert await chat.messages("r-town") == []


async def test_a_channel_with_a_code(chat: Chat) -> None:
    await chat.world.room("club", kind="c", joinCode="secret")
    with pytest.raises(Failure, match=r"^error-not-allowed$"):
        await chat.tell(await chat.sender("cid"), "#club")
    await chat.tell(await chat.sender("cid", "join-without-join-code"), "#club")


async def test_a_conversation_is_made_once(chat: Chat) -> None:
    ann, bob = await chat.sender("ann"), await chat.sender("bob")
    posted = await chat.tell(ann, "@bob", "@u-bob", "u-bob") + await chat.tell(bob, "@ann", "u-ann")
    (rid,) = {document.body["rid"] for _, document in posted}
    room = await chat.room(rid)
    assert (room["t"], room["uids"], room["usernames"]) == ("d", ["u-ann", "u-bob"], ["ann", "bob"])
    assert (room["usersCount"], room["msgs"], "name" in room) == (2, 5, False)
    mine = {one["u"]["_id"]: one for one in await chat.world.bodies("subscriptions", "rid", rid)}
    assert (mine["u-ann"]["name"], mine["u-bob"]["name"]) == ("bob", "ann")
    assert [(one["open"], one["alert"], one["unread"]) for one in mine.values()] == [(True, False, 0)] * 2
    assert [one for _, one in await chat.tell(ann, f"@{rid}", rid, f"#{rid}")][2].body["rid"] == rid


async def test_the_first_message_opens_a_conversation_for_the_other(chat: Chat) -> None:
    ((_, said),) = await chat.tell(await chat.sender("ann"), "@bob")
    mine = {one["u"]["_id"]: one for one in await chat.world.bodies("subscriptions", "rid", said.body["rid"])}
    assert [(mine[id]["open"], mine[id]["alert"], mine[id]["unread"]) for id in ("u-ann", "u-bob")] == [
        (True, False, 0),
        (True, True, 1),
    ]
    assert (mine["u-ann"]["ls"], "ls" in mine["u-bob"]) == (said.body["ts"], False)


async def test_many_make_one_conversation(chat: Chat) -> None:
    ann, bob = await chat.sender("ann"), await chat.sender("bob")
    made = await asyncio.gather(*(chat.tell(*pair) for pair in [(ann, "@bob"), (bob, "@ann")] * 4))
    assert len({posted[0][1].body["rid"] for posted in made}) == 1


async def test_a_conversation_with_oneself(chat: Chat) -> None:
    ann = await chat.sender("ann")
    ((_, one), (_, two)) = await chat.tell(ann, "@ann", "@u-ann")
    assert one.body["rid"] == two.body["rid"]
    assert (await chat.room(one.body["rid"]))["uids"] == ["u-ann"]


async def test_a_new_conversation_needs_a_permission(chat: Chat) -> None:
    ann = await chat.sender("ann")
    mute = replace(ann, caller=chat.world.caller("ann", "view-d-room"))
    with pytest.raises(Failure) as caught:
        await chat.tell(mute, "@bob")
    assert caught.value.message == "Not allowed [error-not-allowed]"
    await chat.tell(ann, "@bob")
    await chat.tell(mute, "@bob")


async def test_an_imported_conversation_is_found(chat: Chat) -> None:
    body = {"_id": "old", "t": "d", "uids": ["u-bob", "u-ann"], "usernames": ["bob", "ann"]}
    steps = [Put("rooms", Document("old", body))]
    for name in ("ann", "bob"):
        id, user = f"old-{name}", {"_id": f"u-{name}", "username": name}
        steps.append(Put("subscriptions", Document(id, {"_id": id, "rid": "old", "u": user})))
    await chat.world.write(*steps)
    ((_, made),) = await chat.tell(await chat.sender("ann"), "@bob")
    assert made.body["rid"] == "old"


async def test_the_first_failure_ends_it_and_what_was_posted_stays(chat: Chat) -> None:
    ann = await chat.sender("ann")
    with pytest.raises(Failure) as caught:
        await chat.tell(ann, "#eng", "#nowhere", "#town")
    assert caught.value.error == "invalid-channel"
    assert len(await chat.messages()) == 1
    assert await chat.messages("r-town") == []


async def test_no_target_is_no_message(chat: Chat) -> None:
    assert await chat.tell(await chat.sender("ann")) == []
