"""Who a token is, and the room that is read in the same statement."""

import json

import pytest

from strongback.documents.document import Stored
from strongback.storage.contract import AHEAD, SHORT, Login, RoomKey, RoomView, Store
from strongback.storage.steps import Link, PutToken, Remove, RemoveTokens

from .conftest import integration, login_token, room, subscription, user, write

pytestmark = pytest.mark.anyio

BY_ID, BY_NAME = RoomKey("id", "r1"), RoomKey("name", "alpha")


@pytest.fixture
async def ann(store: Store) -> Store:
    """Ann owns the group `alpha`, Bob is in no room; each has a token."""
    await write(
        store,
        user("u1", "ann"),
        user("u2", "bob"),
        room("r1", "alpha", archived=True, prid="r0", teamId="t1"),
        room("r2", None, t="d"),
        subscription("r1", "u1", "owner"),
        PutToken(login_token("u1", "h1")),
        PutToken(login_token("u1", "h9")),
        PutToken(login_token("u2", "h2")),
    )
    return store


async def the_room(store: Store, user_id: str, token: str, key: RoomKey) -> RoomView | None:
    """What is read along with a token that is good."""
    found = await store.authenticate(user_id, token, key)
    assert found is not None
    assert (found.user_id, found.roles) == (user_id, frozenset({"user"}))
    return found.room


async def test_authentication_needs_the_user_the_token_and_an_active_account(store: Store) -> None:
    await write(store, user("u1", "ann"), user("u2", "bob"), PutToken(login_token("u1", "h1")))
    found = await store.authenticate("u1", "h1")
    assert found is not None
    assert (found.username, found.roles) == ("ann", frozenset({"user"}))
    assert await store.authenticate("u2", "h1") is None
    assert await store.authenticate("u1", "h2") is None
    assert await store.authenticate("\ud800", "h1") is None
    await write(store, user("u1", "ann", active=False))
    assert await store.authenticate("u1", "h1") is None
    assert await store.token_owner("h1") is None
    await write(store, user("u1", "ann"), RemoveTokens("u1"))
    assert await store.authenticate("u1", "h1") is None


@pytest.mark.parametrize("key", [BY_ID, BY_NAME])
async def test_a_room_is_read_with_the_token(ann: Store, key: RoomKey) -> None:
    mine = RoomView("r1", "alpha", "p", True, "r0", "t1", True, frozenset({"owner"}))
    revision = (await ann.access()).revision
    assert await ann.authenticate("u1", "h1", key) == Login("u1", "ann", frozenset({"user"}), revision, mine)
    assert mine == await ann.room_by_id("r1", "u1") == await ann.room_by_name("alpha", "u1")


@pytest.mark.parametrize("key", [BY_ID, BY_NAME])
async def test_who_is_no_member_gets_the_room_without_a_subscription(ann: Store, key: RoomKey) -> None:
    theirs = RoomView("r1", "alpha", "p", True, "r0", "t1", False, frozenset())
    assert await the_room(ann, "u2", "h2", key) == theirs


@pytest.mark.parametrize(
    "key",
    [
        RoomKey("id", "r9"),
        RoomKey("id", "alpha"),
        RoomKey("id", ""),
        RoomKey("id", "\ud800"),
        RoomKey("name", "r1"),
        RoomKey("name", "Alpha"),
        RoomKey("name", ""),
        RoomKey("name", "\ud800"),
    ],
)
async def test_without_such_a_room_the_token_is_as_good(ann: Store, key: RoomKey) -> None:
    assert await the_room(ann, "u1", "h1", key) is None


async def test_no_room_is_read_unless_asked_for(ann: Store) -> None:
    found = await ann.authenticate("u1", "h1")
    assert found is not None
    assert found.room is None


async def test_a_room_without_a_name_is_found_by_its_id(ann: Store) -> None:
    nameless = await the_room(ann, "u1", "h1", RoomKey("id", "r2"))
    assert nameless == RoomView("r2", "", "d", False, None, None, False, frozenset())


@pytest.mark.parametrize("key", [BY_ID, BY_NAME])
@pytest.mark.parametrize(("user_id", "token"), [("u1", "h2"), ("u2", "h1"), ("u9", "h1"), ("u1", "\ud800")])
async def test_a_wrong_token_gets_no_room(ann: Store, user_id: str, token: str, key: RoomKey) -> None:
    assert await ann.authenticate(user_id, token, key) is None


@pytest.mark.parametrize("key", [BY_ID, BY_NAME])
async def test_an_account_that_is_not_active_gets_no_room(ann: Store, key: RoomKey) -> None:
    await write(ann, user("u1", "ann", active=False))
    assert await ann.authenticate("u1", "h1", key) is None


@pytest.mark.parametrize("key", [BY_ID, BY_NAME])
async def test_every_awaited_commit_is_seen(ann: Store, key: RoomKey) -> None:
    await write(ann, Remove("subscriptions", "r1-u1"))
    left = await the_room(ann, "u1", "h9", key)
    assert left is not None
    assert not left.subscribed
    await write(ann, Remove("rooms", "r1"))
    assert await the_room(ann, "u1", "h9", key) is None


EVERYWHERE = "all_private_groups"
TO_ROOM, TO_ALL = Link("#alpha", "room", "r1"), Link(EVERYWHERE, "scope", EVERYWHERE)
ELSEWHERE = (Link("#beta", "room", "r2"), Link("all_public_channels", "scope", "all_public_channels"))


async def reaching(
    store: Store, key: RoomKey = BY_ID, everywhere: str | None = EVERYWHERE
) -> tuple[str, ...] | None:
    """The integrations that are read along with a token that is good."""
    found = await store.authenticate("u1", "h1", key, everywhere)
    assert found is not None
    assert found.room == await the_room(store, "u1", "h1", key)
    return found.reaching


async def ids(store: Store, key: RoomKey = BY_ID) -> list[str]:
    found = await reaching(store, key)
    assert found is not None
    return [json.loads(text)["_id"] for text in found]


@pytest.mark.parametrize("key", [BY_ID, BY_NAME])
async def test_integrations_that_reach_the_room_are_read_with_the_token(ann: Store, key: RoomKey) -> None:
    await write(
        ann,
        integration("i3", TO_ROOM, created=5),
        integration("i1", TO_ALL, created=5),
        integration(
            "i2", TO_ALL, TO_ROOM, TO_ROOM, created=1, type="webhook-outgoing", _createdBy={"_id": "u9"}
        ),
        integration("i4", *ELSEWHERE, created=1),
    )
    assert await ids(ann, key) == ["i2", "i1", "i3"]
    found = await reaching(ann, key)
    assert found is not None
    assert list(found) == [row.text for row in await by_age(ann, "i2", "i1", "i3")]


async def by_age(store: Store, *ids: str) -> list[Stored]:
    rows = [await store.get("integrations", id) for id in ids]
    return [row for row in rows if row is not None]


async def test_integrations_are_read_only_if_asked_for_and_only_with_a_room(ann: Store) -> None:
    await write(ann, integration("i1", TO_ALL, TO_ROOM))
    assert await reaching(ann, everywhere=None) is None
    found = await ann.authenticate("u1", "h1", None, EVERYWHERE)
    assert found is not None
    assert found.reaching is None
    assert await ann.authenticate("u1", "wrong", BY_ID, EVERYWHERE) is None


async def test_a_room_that_nothing_reaches_has_no_integrations(ann: Store) -> None:
    await write(ann, integration("i4", *ELSEWHERE))
    assert await reaching(ann) == ()


async def test_only_those_everywhere_reach_a_room_that_is_not_there(ann: Store) -> None:
    await write(ann, integration("i1", TO_ROOM), integration("i2", TO_ALL))
    assert await ids(ann, RoomKey("id", "r9")) == ["i2"]


async def test_a_removed_integration_reaches_nothing(ann: Store) -> None:
    await write(ann, integration("i1", TO_ROOM), integration("i2", TO_ROOM))
    await write(ann, Remove("integrations", "i1"))
    assert await ids(ann) == ["i2"]


@pytest.mark.parametrize("links", [(TO_ROOM,), (TO_ALL,)])
async def test_many_integrations_are_left_to_a_statement_of_their_own(
    ann: Store, links: tuple[Link, ...]
) -> None:
    await write(ann, *(integration(f"i{n:02}", *links, created=n) for n in range(AHEAD)))
    assert await ids(ann) == [f"i{n:02}" for n in range(AHEAD)]
    await write(ann, integration("one-more", TO_ROOM))
    assert await reaching(ann) is None


async def test_a_long_integration_is_left_to_a_statement_of_its_own(ann: Store) -> None:
    await write(ann, integration("i1", TO_ROOM, script=""))
    (text,) = await reaching(ann) or ()
    some = "\u00e4" * 100  # as bytes they count twice
    longest = some + "x" * (SHORT - len(text.encode()) - 200)
    await write(ann, integration("i1", TO_ROOM, script=longest))
    assert await ids(ann) == ["i1"]
    await write(ann, integration("i2", TO_ALL, script=longest + "x"))
    assert await reaching(ann) is None
