"""Who a token is, and the room that is read in the same statement."""

from dataclasses import replace

import pytest

from strongback.storage.contract import Login, RoomKey, RoomView, Store
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


@pytest.mark.parametrize("key", [None, BY_ID, BY_NAME, RoomKey("id", "r9")])
async def test_with_a_scope_the_rest_is_the_same(ann: Store, key: RoomKey | None) -> None:
    await write(ann, integration("i1", Link("#alpha", "room", "r1")))
    found = await ann.authenticate("u1", "h1", key, "all_private_groups")
    assert found is not None
    assert replace(found, reaching=None) == await ann.authenticate("u1", "h1", key)
    assert await ann.authenticate("u1", "h2", key, "all_private_groups") is None
