"""Integrations that are read in the same statement as the token: which, in which order, and when they are not."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongback.documents.document import Stored
from strongback.storage.contract import AHEAD, SHORT, RoomKey, Store
from strongback.storage.steps import Link, PutToken, Remove
from tests.storage_contract.conftest import integration, login_token, room, subscription, user, write
from tests.stores import open_store

pytestmark = pytest.mark.anyio

BY_ID, BY_NAME = RoomKey("id", "r1"), RoomKey("name", "alpha")
EVERYWHERE = "all_private_groups"
TO_ROOM, TO_ALL = Link("#alpha", "room", "r1"), Link(EVERYWHERE, "scope", EVERYWHERE)
ELSEWHERE = (Link("#beta", "room", "r2"), Link("all_public_channels", "scope", "all_public_channels"))


@pytest.fixture
async def ann(tmp_path: Path) -> AsyncIterator[Store]:
    """Ann is in the group `alpha`."""
    store = await open_store(tmp_path, "postgres")
    await write(
        store,
        user("u1", "ann"),
        room("r1", "alpha"),
        room("r2", "beta"),
        subscription("r1", "u1"),
        PutToken(login_token("u1", "h1")),
    )
    yield store
    await store.close()


async def reaching(
    store: Store, key: RoomKey = BY_ID, everywhere: str | None = EVERYWHERE
) -> tuple[str, ...] | None:
    """The integrations that are read along with a token that is good."""
    found = await store.authenticate("u1", "h1", key, everywhere)
    assert found is not None
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
