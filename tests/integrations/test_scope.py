"""What callers see: all 16 combinations of the four permissions, against random filters (spec/04 section 2)."""

from collections.abc import AsyncIterator
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongback.documents.document import Document
from strongback.integrations import lists
from strongback.integrations.scope import may_manage
from strongback.listing import Wanted
from strongback.storage.contract import Link, PutIntegration
from tests.room_world import ALL_FOUR, IN_ALL, IN_OWN, OUT_ALL, OUT_OWN, RoomWorld, room_world

pytestmark = pytest.mark.anyio

COMBINATIONS = list(chain.from_iterable(combinations(ALL_FOUR, size) for size in range(5)))
PEOPLE = ("ann", "bob", "cid")
TYPES = ("webhook-incoming", "webhook-outgoing")


def oracle(held: tuple[str, ...], me: str, document: dict[str, Any]) -> bool:
    """The table of the specification, read row by row; it knows nothing of the code under test."""
    own: bool = document["_createdBy"]["_id"] == me
    kind = document["type"]
    if OUT_ALL in held and IN_ALL in held:
        return True
    if OUT_OWN in held and IN_OWN in held:
        return own
    if kind == "webhook-outgoing":
        return OUT_ALL in held or (OUT_OWN in held and own)
    return IN_ALL in held or (IN_OWN in held and own)


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RoomWorld]:
    """Two integrations of each type by each person in `eng`, one of each for all groups; others elsewhere."""
    async with room_world(Path(tmp_path_factory.mktemp("scope"))) as opened:
        await opened.users(*PEOPLE)
        for name in ("eng", "ops"):
            await opened.room(name, *PEOPLE)
        targets = [("#eng", "room", "r-eng")] * 2 + [("all_private_groups", "scope", "all_private_groups")]
        targets += [("#ops", "room", "r-ops"), ("#eng", "room", None)]  # type: ignore[list-item]
        made = [(who, kind, target) for who in PEOPLE for kind in TYPES for target in targets]
        await opened.write(*(_integration(number, *one) for number, one in enumerate(made)))
        yield opened


def _integration(number: int, who: str, kind: str, target: tuple[str, str, str | None]) -> PutIntegration:
    text, link, to = target
    creator = {"_id": f"u-{who}", "username": who}
    body = {"_id": f"i{number:02}", "type": kind, "channel": [text], "_createdBy": creator}
    more = {"name": f"n{number % 3}", "enabled": number % 2 == 0, "token": f"secret{number}"}
    document = Document(f"i{number:02}", body | more)
    document.set_date("_createdAt", number)
    return PutIntegration(document, [Link(text, link, to)])


async def found(world: RoomWorld, username: str, held: tuple[str, ...], query: Any) -> list[dict[str, Any]]:
    room = await world.store.room_by_name("eng", "")
    assert room is not None
    caller, wanted = world.caller(username, *held), Wanted(count=0, filter=query)
    page = await lists.of_room(world.store, caller, room, wanted, everywhere=True, matching_ms=5000)
    assert page.total == len(page.texts)
    return [msgspec.json.decode(text) for text in page.texts]


leaf = st.one_of(
    st.sampled_from(PEOPLE).map(lambda who: {"_createdBy._id": f"u-{who}"}),
    st.sampled_from(PEOPLE).map(lambda who: {"_createdBy": {"_id": f"u-{who}", "username": who}}),
    st.sampled_from(TYPES).map(lambda kind: {"type": kind}),
    st.sampled_from(["#eng", "#ops", "all_private_groups", "x"]).map(lambda text: {"channel": text}),
    st.booleans().map(lambda exists: {"_createdBy._id": {"$exists": exists}}),
    st.sampled_from([{}, {"_id": {"$ne": "x"}}, {"name": {"$in": ["n0", "n1"]}}, {"enabled": True}]),
    st.just({"type": {"$regex": "^webhook"}}),
)
queries = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["$or", "$and", "$nor"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda pair: {pair[0]: pair[1]}
        ),
        st.tuples(inner, inner).map(lambda pair: {**pair[0], **pair[1]}),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.sampled_from(COMBINATIONS), query=queries)
async def test_a_filter_never_widens_the_scope(
    world: RoomWorld, held: tuple[str, ...], query: dict[str, Any]
) -> None:
    matching = await found(world, "bob", ALL_FOUR, query)
    expected = [document for document in matching if oracle(held, "u-bob", document)]
    assert await found(world, "bob", held, query) == expected


@pytest.mark.parametrize("held", COMBINATIONS, ids=lambda held: f"{len(held)}")
async def test_the_table(world: RoomWorld, held: tuple[str, ...]) -> None:
    everything = await found(world, "bob", ALL_FOUR, None)
    assert len(everything) == len(PEOPLE) * len(TYPES) * 3
    seen = await found(world, "bob", held, None)
    assert seen == [document for document in everything if oracle(held, "u-bob", document)]
    assert (await found(world, "nobody", (IN_OWN, OUT_OWN), None)) == []


@pytest.mark.parametrize("held", COMBINATIONS, ids=lambda held: f"{len(held)}")
async def test_changing_takes_the_permission_of_the_type(world: RoomWorld, held: tuple[str, ...]) -> None:
    bob = world.caller("bob", *held)
    for document in await found(world, "bob", ALL_FOUR, None):
        own = document["_createdBy"]["_id"] == "u-bob"
        for_all, for_own = (IN_ALL, IN_OWN) if document["type"] == "webhook-incoming" else (OUT_ALL, OUT_OWN)
        assert may_manage(bob, document) is (for_all in held or (own and for_own in held))


def test_what_has_no_known_type_is_nobodys(world: RoomWorld) -> None:
    admin = world.caller("ann", *ALL_FOUR)
    for body in ({}, {"type": None}, {"type": "x"}, {"type": ["webhook-incoming"]}):
        assert not may_manage(admin, body)
