"""Who is in a room, and what they have seen of it."""

import json
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.storage.contract import Page, Store
from strongback.storage.selections import ChannelsFor, Having, HoldersOf, MembersOf, RoomsOf
from strongback.storage.steps import MarkSeen, Put, Remove, RemoveAll, SetMembers
from tests.storage_contract.conftest import room, user, write
from tests.storage_contract.test_rooms import message

pytestmark = pytest.mark.anyio


def member(rid: str, user_id: str, kind: str = "p", at: int = 0, **members: Any) -> Put:
    """A step that makes a user a member of a room at a moment."""
    document = Document(
        f"{rid}-{user_id}",
        {"_id": f"{rid}-{user_id}", "rid": rid, "t": kind, "u": {"_id": user_id}, **members},
    )
    document.set_date("ts", at)
    return Put("subscriptions", document)


async def seen(store: Store, rid: str, user_id: str) -> dict[str, Any]:
    stored = await store.subscription(rid, user_id)
    assert stored is not None
    body = json.loads(stored.text)
    return {name: body.get(name) for name in ("alert", "unread", "userMentions", "groupMentions", "ls")}


def mention(*ids: str) -> dict[str, Any]:
    return {"mentions": [{"_id": id, "username": id} for id in ids]}


async def test_what_others_write_is_unread_until_it_is_seen(store: Store) -> None:
    await write(
        store, user("u1", "ann"), user("u2", "bob"), room("r1", "one"), member("r1", "u1"), member("r1", "u2")
    )
    nothing = {"alert": False, "unread": 0, "userMentions": 0, "groupMentions": 0, "ls": None}
    assert await seen(store, "r1", "u1") == nothing
    by_bob: dict[str, Any] = {"u": {"_id": "u2"}}
    await write(store, message("a", 1_000, **by_bob), message("b", 2_000, **by_bob, **mention("u1")))
    await write(store, message("c", 3_000, **by_bob, **mention("all")))
    assert await seen(store, "r1", "u1") == {
        "alert": True,
        "unread": 2,
        "userMentions": 1,
        "groupMentions": 1,
        "ls": None,
    }
    assert (await seen(store, "r1", "u2"))["alert"] is False
    await write(store, MarkSeen("r1", "u1", 2_000))
    assert await seen(store, "r1", "u1") == {
        "alert": True,
        "unread": 1,
        "userMentions": 0,
        "groupMentions": 1,
        "ls": "1970-01-01T00:00:02.000Z",
    }
    await write(store, MarkSeen("r1", "u1", 3_999))
    assert await seen(store, "r1", "u1") == nothing | {"ls": "1970-01-01T00:00:03.999Z"}
    await write(store, MarkSeen("r1", "u1", 3_999, alert=True))
    assert (await seen(store, "r1", "u1"))["alert"] is True


async def test_a_conversation_counts_every_message(store: Store) -> None:
    await write(
        store,
        Put("rooms", Document("r1", {"_id": "r1", "t": "d", "uids": ["u1", "u2"]})),
        member("r1", "u1", "d"),
    )
    await write(store, *(message(f"m{n}", 1_000 + n, u={"_id": "u2"}) for n in range(3)))
    await write(store, message("m9", 2_000, u={"_id": "u1"}), message("m8", 2_000, u={"_id": "u2"}, t="uj"))
    assert (await seen(store, "r1", "u1"))["unread"] == 3


async def test_an_invited_member_starts_with_what_the_invitation_says(store: Store) -> None:
    fresh: dict[str, Any] = {"alert": True, "unread": 1, "userMentions": 1, "groupMentions": 0}
    await write(store, room("r1", "one"), member("r1", "u1", at=1_000, **fresh))
    assert await seen(store, "r1", "u1") == fresh | {"ls": None}
    stored = await store.subscription("r1", "u1")
    assert stored is not None
    document = stored.decode()
    document.set("open", False)
    await write(store, Put("subscriptions", document), Put("subscriptions", document))
    assert await seen(store, "r1", "u1") == fresh | {"ls": None}
    await write(store, MarkSeen("r1", "u1", 5_000))
    assert await seen(store, "r1", "u1") == {
        "alert": False,
        "unread": 0,
        "userMentions": 0,
        "groupMentions": 0,
        "ls": "1970-01-01T00:00:05.000Z",
    }


async def test_members_stand_by_presence_and_name(store: Store) -> None:
    people = [
        ("u1", "zoe", "online"),
        ("u2", "bob", None),
        ("u3", "ann", "away"),
        ("u4", "cat", "online"),
        ("u5", "dan", None),
    ]
    steps = [
        user(id, name, **({"statusConnection": status} if status else {})) for id, name, status in people
    ]
    await write(store, *steps, user("u6", "eve", active=False), room("r1", "one"))
    await write(store, *(member("r1", f"u{n}") for n in range(1, 7)))

    async def order() -> list[str]:
        page = await store.page(MembersOf("r1"), "members", 0, 50)
        assert page.total == len(page.texts)
        return [json.loads(text)["username"] for text in page.texts]

    assert await order() == ["cat", "zoe", "ann", "bob", "dan"]
    await write(store, user("u2", "aaron", statusConnection="online"), user("u6", "eve", active=True))
    assert await order() == ["aaron", "cat", "zoe", "ann", "dan", "eve"]
    await write(store, Remove("subscriptions", "r1-u2"))
    assert await order() == ["cat", "zoe", "ann", "dan", "eve"]
    page = await store.page(MembersOf("r1"), "members", 1, 2)
    assert ([json.loads(text)["username"] for text in page.texts], page.total) == (["zoe", "ann"], 5)


async def test_the_rooms_of_a_user_stand_by_name(store: Store) -> None:
    rooms = [("r1", "p", "zebra"), ("r2", "c", "apple"), ("r3", "p", "mango"), ("r4", "p", "other")]
    for id, kind, name in rooms:
        await write(store, Put("rooms", Document(id, {"_id": id, "t": kind, "name": name})))
    await write(store, *(member(id, "u1", kind) for id, kind, _ in rooms[:3]))
    page = await store.page(RoomsOf("u1", ("p",)), "name", 0, 50)
    assert ([json.loads(text)["name"] for text in page.texts], page.total) == (["mango", "zebra"], 2)
    page = await store.page(RoomsOf("u1", ("p", "c")), "name", 0, 1)
    assert ([json.loads(text)["name"] for text in page.texts], page.total) == (["apple"], 3)
    page = await store.page(Having("rooms", "type", "p"), "name", 0, 50)
    assert [json.loads(text)["name"] for text in page.texts] == ["mango", "other", "zebra"]


async def test_the_channels_for_a_user_are_in_no_team_or_its_own(store: Store) -> None:
    rooms: list[tuple[str, dict[str, str]]] = [
        ("free", {"t": "c"}),
        ("mine", {"t": "c", "teamId": "t1"}),
        ("theirs", {"t": "c", "teamId": "t1"}),
        ("group", {"t": "p"}),
    ]
    for name, members in rooms:
        await write(store, Put("rooms", Document(name, {"_id": name, "name": name, **members})))
    await write(store, member("mine", "u1", "c"), member("theirs", "u2", "c"), member("group", "u1"))
    page = await store.page(ChannelsFor("u1"), "name", 0, 50)
    assert ([json.loads(text)["name"] for text in page.texts], page.total) == (["free", "mine"], 2)


async def test_a_closed_room_opens_when_somebody_else_writes(store: Store) -> None:
    async def is_open() -> object:
        stored = await store.subscription("r1", "u1")
        assert stored is not None
        return json.loads(stored.text)["open"]

    def closed(at: int) -> Put:
        put = member("r1", "u1", open=False)
        put.document.set_date("_updatedAt", at)
        return put

    await write(store, room("r1", "one"), member("r1", "u1"), message("a", 1_000, u={"_id": "u2"}))
    assert await is_open() is True
    await write(store, closed(2_000))
    assert await is_open() is False
    await write(store, message("b", 3_000), message("c", 4_000, u={"_id": "u2"}, t="au"))
    assert await is_open() is False  # one's own message, and the server's
    await write(store, message("d", 5_000, u={"_id": "u2"}))
    assert await is_open() is True
    await write(store, closed(5_000))
    assert await is_open() is False
    await write(store, member("r1", "u1", open=True))
    assert await is_open() is True


async def test_a_room_is_closed_for_all_of_its_members_at_once(store: Store) -> None:
    await write(store, room("r1", "one"), member("r1", "u1"), member("r1", "u2"), member("r2", "u1"))
    await write(store, message("a", 1_000, u={"_id": "u3"}))
    shut = {"open": False, "archived": True, "_updatedAt": "1970-01-01T00:00:02.000Z"}
    await write(store, SetMembers("subscriptions", "rid", "r1", shut))
    found = [json.loads(one.text) for one in await store.select(Having("subscriptions", "user_id", "u1"))]
    assert [(one["rid"], one["open"], one.get("archived")) for one in found] == [
        ("r1", False, True),
        ("r2", True, None),
    ]
    await write(store, SetMembers("subscriptions", "rid", "r1", {"open": True, "archived": False}))
    found = [json.loads(one.text) for one in await store.select(Having("subscriptions", "rid", "r1"))]
    assert [(one["open"], one["archived"]) for one in found] == [(True, False), (True, False)]


async def test_a_change_of_many_documents_is_a_change_of_each(store: Store) -> None:
    await write(store, Put("rooms", Document("r1", {"_id": "r1", "t": "d"})), member("r1", "u1", "d"))
    await write(store, message("a", 1_000, u={"_id": "u2"}))
    before = await store.subscription("r1", "u1")
    await write(store, SetMembers("subscriptions", "rid", "r1", {"t": "c"}))
    after = await store.subscription("r1", "u1")
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    body = json.loads(after.text)
    assert (body["t"], body["unread"]) == ("c", 0)  # only a conversation counts every message


async def test_departures_are_remembered_until_the_user_goes(store: Store) -> None:
    await write(store, user("u1", "ann"), room("r1", "one"), room("r2", "two"))
    await write(store, member("r1", "u1"), member("r2", "u1"), member("r2", "u2"))
    assert await store.departures("u1", 0) == []
    await write(store, Remove("subscriptions", "r1-u1"))
    (left,) = await store.departures("u1", 0)
    assert (left.id, left.rid) == ("r1-u1", "r1")
    assert await store.departures("u1", left.at) == []
    await write(store, RemoveAll("subscriptions", "rid", "r2"), Remove("rooms", "r2"))
    assert [one.rid for one in await store.departures("u1", 0)] == ["r1", "r2"]
    assert await store.departures("u2", 0) == []  # there is no such account
    await write(store, Remove("users", "u1"))
    assert await store.departures("u1", 0) == []


async def test_members_of_many_documents_are_set_at_once(store: Store) -> None:
    await write(store, room("r1", "one"), member("r1", "u1"), member("r1", "u2"), member("r2", "u1"))
    await write(store, SetMembers("subscriptions", "rid", "r1", {"name": 'new "name"', "archived": True}))
    for rid, id, name in (("r1", "u1", 'new "name"'), ("r1", "u2", 'new "name"'), ("r2", "u1", None)):
        stored = await store.subscription(rid, id)
        assert stored is not None
        assert json.loads(stored.text).get("name") == name


async def test_a_room_that_is_not_there_has_no_members(store: Store) -> None:
    assert await store.page(MembersOf("nowhere"), "members", 0, 10) == Page([], 0)
    assert await store.page(MembersOf("nowhere"), "members", 5, 0) == Page([], 0)


async def test_members_are_counted_without_those_who_are_gone(store: Store) -> None:
    await write(store, user("u1", "ann"), user("u2", "bob"), user("u3", "cid", active=False))
    await write(store, room("r1", "one"), *(member("r1", f"u{n}") for n in range(1, 5)))  # u4 does not exist
    page = await store.page(MembersOf("r1"), "members", 0, 1)
    assert ([json.loads(text)["username"] for text in page.texts], page.total) == (["ann"], 2)
    assert (await store.page(MembersOf("r9"), "members", 5, 1)).total == 0


async def test_who_holds_a_role_in_a_room(store: Store) -> None:
    await write(
        store,
        room("r1", "one"),
        member("r1", "u1", roles=["owner", "moderator"]),
        member("r1", "u2"),
        member("r1", "u3", roles=["leader", "odd"]),
        member("r2", "u2", roles=["owner"]),
    )
    for roles, holders in (
        (("owner",), ["u1"]),
        (("owner", "moderator", "leader"), ["u1", "u3"]),
        (("odd",), ["u3"]),
        ((), []),
    ):
        found = await store.select(HoldersOf("r1", roles))
        assert [json.loads(row.text)["u"]["_id"] for row in found] == holders
    await write(store, member("r1", "u3", roles=[]), Remove("subscriptions", "r1-u1"))
    assert await store.select(HoldersOf("r1", ("owner", "moderator", "leader"))) == []
