"""What callers see: all 16 combinations of the four permissions, against random filters (spec/04 section 2)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongback.accounts.caller import RoomRead
from strongback.documents.document import Document
from strongback.integrations import lists
from strongback.integrations.scope import may_manage
from strongback.listing import Listing, Wanted
from strongback.storage.contract import RoomKey, Store
from strongback.storage.steps import Link, PutIntegration
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


def world_of_integrations() -> list[tuple[dict[str, Any], bool]]:
    """Per person and type two integrations of `eng`, one for all groups, and two others; with what reaches `eng`."""
    made = [(who, kind, target) for who in PEOPLE for kind in TYPES for target in TARGETS]
    return [
        (_body(number, who, kind, link.text), reaches)
        for number, (who, kind, (link, reaches)) in enumerate(made)
    ]


TARGETS = [
    (Link("#eng", "room", "r-eng"), True),
    (Link("#eng", "room", "r-eng"), True),
    (Link("all_private_groups", "scope", "all_private_groups"), True),
    (Link("#ops", "room", "r-ops"), False),
    (Link("#eng", "room", None), False),
]


def _body(number: int, who: str, kind: str, text: str) -> dict[str, Any]:
    creator = {"_id": f"u-{who}", "username": who}
    body = {"_id": f"i{number:02}", "type": kind, "channel": [text], "_createdBy": creator}
    return body | {"name": f"n{number % 3}", "enabled": number % 2 == 0, "token": f"secret{number}"}


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RoomWorld]:
    """A store that holds those integrations."""
    async with room_world(Path(tmp_path_factory.mktemp("scope"))) as opened:
        await opened.users(*PEOPLE)
        for name in ("eng", "ops"):
            await opened.room(name, *PEOPLE)
        for number, (body, _) in enumerate(world_of_integrations()):
            document = Document(body["_id"], body)
            document.set_date("_createdAt", number)
            await opened.write(PutIntegration(document, [TARGETS[number % len(TARGETS)][0]]))
        yield opened


async def page(world: RoomWorld, username: str, held: tuple[str, ...], wanted: Wanted) -> Listing:
    room = await world.store.room_by_name("eng", "")
    assert room is not None
    caller = world.caller(username, *held)
    return await lists.of_room(world.store, caller, room, wanted, everywhere=True, matching_ms=5000)


async def found(world: RoomWorld, username: str, held: tuple[str, ...], query: Any) -> list[dict[str, Any]]:
    whole = await page(world, username, held, Wanted(count=0, filter=query))
    assert whole.total == len(whole.texts)
    return [msgspec.json.decode(text) for text in whole.texts]


def ids(found: Listing) -> list[str]:
    return [msgspec.json.decode(text)["_id"] for text in found.texts]


leaf = st.one_of(
    st.sampled_from(PEOPLE).map(lambda who: {"_createdBy._id": f"u-{who}"}),
    st.sampled_from(PEOPLE).map(lambda who: {"_createdBy": {"_id": f"u-{who}", "username": who}}),
    st.sampled_from(TYPES).map(lambda kind: {"type": kind}),
    st.sampled_from(["#eng", "#ops", "all_private_groups", "x"]).map(lambda text: {"channel": text}),
    st.booleans().map(lambda exists: {"_createdBy._id": {"$exists": exists}}),
    st.sampled_from([{}, {"_id": {"$ne": "x"}}, {"name": {"$in": ["n0", "n1"]}}, {"enabled": True}]),
    st.just({"type": {"$regex": "^webhook"}}),
)


def combined(leaf: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Queries made of these, joined by $or, $and, $nor or side by side."""
    return st.recursive(
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
@given(held=st.sampled_from(COMBINATIONS), query=combined(leaf))
async def test_a_filter_never_widens_the_scope(
    world: RoomWorld, held: tuple[str, ...], query: dict[str, Any]
) -> None:
    matching = await found(world, "bob", ALL_FOUR, query)
    expected = [document for document in matching if oracle(held, "u-bob", document)]
    assert await found(world, "bob", held, query) == expected


def matches(document: dict[str, Any], query: dict[str, Any]) -> bool:
    """What a query of equalities says of a document; it knows nothing of the code under test."""
    for name, wanted in query.items():
        if name in ("$or", "$and", "$nor"):
            parts = [matches(document, part) for part in wanted]
            held = {"$or": any(parts), "$and": all(parts), "$nor": not any(parts)}[name]
        else:
            value: Any = document
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            same = value == wanted and type(value) is type(wanted)  # true is not 1
            held = same or (isinstance(value, list) and wanted in value)
        if not held:
            return False
    return True


equality = st.one_of(
    st.sampled_from(PEOPLE).map(lambda who: {"_createdBy._id": f"u-{who}"}),
    st.sampled_from(PEOPLE).map(lambda who: {"_createdBy": {"_id": f"u-{who}", "username": who}}),
    st.sampled_from((*TYPES, "x", None)).map(lambda kind: {"type": kind}),
    st.sampled_from(["#eng", "#ops", "all_private_groups", ["#eng"]]).map(lambda text: {"channel": text}),
    st.sampled_from(["n0", "n1", "x"]).map(lambda name: {"name": name}),
    st.booleans().map(lambda enabled: {"enabled": enabled}),
    st.sampled_from([{}, {"absent": None}, {"absent": 1}, {"enabled": 1}, {"_createdBy.absent": None}]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.sampled_from(COMBINATIONS), query=combined(equality), size=st.integers(1, 8))
async def test_equalities_select_what_they_say_within_the_scope(
    world: RoomWorld, held: tuple[str, ...], query: dict[str, Any], size: int
) -> None:
    reaching = [body for body, linked in world_of_integrations() if linked]
    expected = [body["_id"] for body in reaching if oracle(held, "u-bob", body) and matches(body, query)]
    pages = [
        await page(world, "bob", held, Wanted(offset, size, query))
        for offset in range(0, len(expected) + 1, size)
    ]
    assert [id for found in pages for id in ids(found)] == expected
    assert {found.total for found in pages} == {len(expected)}


@pytest.mark.parametrize("held", COMBINATIONS, ids=lambda held: f"{len(held)}")
async def test_the_table(world: RoomWorld, held: tuple[str, ...]) -> None:
    everything = await found(world, "bob", ALL_FOUR, None)
    assert len(everything) == len(PEOPLE) * len(TYPES) * 3
    seen = await found(world, "bob", held, None)
    assert seen == [document for document in everything if oracle(held, "u-bob", document)]
    assert (await found(world, "nobody", (IN_OWN, OUT_OWN), None)) == []


@pytest.mark.parametrize("held", COMBINATIONS, ids=lambda held: f"{len(held)}")
async def test_the_table_holds_for_what_came_with_the_token(world: RoomWorld, held: tuple[str, ...]) -> None:
    room = await world.store.room_by_name("eng", "")
    everything = await page(world, "bob", ALL_FOUR, Wanted(count=0))
    read = RoomRead(RoomKey("name", "eng"), room, tuple(everything.texts))
    caller = replace(world.caller("bob", *held), read=read)
    assert room is not None
    reaching = [body for body, reaches in world_of_integrations() if reaches]
    expected = [body["_id"] for body in reaching if oracle(held, "u-bob", body)]
    for offset, count in ((0, 0), (0, 50), (0, 3), (2, 4), (5, 0), (40, 10)):
        found = await lists.of_room(
            cast("Store", None),  # which is not asked again
            caller,
            room,
            Wanted(offset, count),
            everywhere=True,
            matching_ms=5000,
        )
        assert ids(found) == expected[offset : offset + (count or 50)]
        assert found.total == len(expected)


async def test_what_came_with_the_token_is_for_its_room_and_the_plain_question(world: RoomWorld) -> None:
    key = RoomKey("id", "r-eng")
    ops = await world.store.room_by_name("ops", "")
    eng = await world.store.room_by_name("eng", "")
    assert ops is not None
    assert eng is not None
    wrong = ('{"_id":"wrong"}',)
    caller = replace(world.caller("bob", *ALL_FOUR), read=RoomRead(key, eng, wrong))
    questions = (
        (ops, Wanted(), True),
        (eng, Wanted(), False),
        (eng, Wanted(sort={"_id": 1}), True),
        (eng, Wanted(filter={"enabled": True}), True),
        (eng, Wanted(fields={"_id": 1}), True),
    )
    for room, wanted, everywhere in questions:
        found = await lists.of_room(
            world.store, caller, room, wanted, everywhere=everywhere, matching_ms=5000
        )
        assert found.total > 1
        assert "wrong" not in ids(found)


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
