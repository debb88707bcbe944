"""Reads see every awaited commit, in a stated order."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongback.documents.document import Document
from strongback.storage.contract import Revisions, Store
from strongback.storage.selections import (
    Everything,
    Having,
    IntegrationScope,
    Reachable,
    Selection,
    UsersWith,
)
from strongback.storage.steps import Link, Put, Remove

from .conftest import integration, room, subscription, user, write

pytestmark = pytest.mark.anyio

ANYBODY = ((None, None),)


async def test_a_document_comes_back_as_it_was_with_hidden_members_apart(store: Store) -> None:
    document = Document(
        "u1", {"_id": "u1", "username": "ann", "services": {"password": {"bcrypt": "x"}}, "n": [1.5]}
    )
    document.set_date("createdAt", 1_700_000_000_000)
    await write(store, Put("users", document))
    stored = await store.get("users", "u1")
    assert stored is not None
    assert "bcrypt" not in stored.text
    again = stored.decode()
    assert again.body == document.body
    assert again.body["createdAt"] == "2023-11-14T22:13:20.000Z"
    assert again.dates == (("createdAt",),)


async def test_revisions_tell_what_is_outdated(store: Store) -> None:
    before = await store.revisions(("rooms", "r1"))
    assert before.rows == (None,)
    await write(store, room("r1", "alpha"))
    await write(store, user("u1", "ann"))
    stored, account = await store.get("rooms", "r1"), await store.get("users", "u1")
    assert stored is not None
    assert account is not None
    assert account.revision > stored.revision
    written = await store.revisions(("rooms", "r1"), ("users", "u2"), ("users", "u1"))
    assert written == Revisions(before.access, (stored.revision, None, account.revision))
    await write(store, Put("roles", Document("poet", {"_id": "poet", "scope": "Users"})))
    after = await store.revisions(("rooms", "r1"))
    assert after.rows == (stored.revision,)
    assert after.access == (await store.access()).revision > written.access
    assert await store.revisions() == Revisions(after.access, ())
    assert await store.revisions(("rooms", "\ud800"), ("users", "u1")) == Revisions(0, (None, None))


async def test_users_are_found_by_name_and_address(store: Store) -> None:
    await write(
        store,
        user("u1", "Ann", emails=[{"address": "Ann@Example.com"}]),
        user("u2", "BOB"),
        user("u3", "bob"),
    )
    by_name = {name: await store.user_by_name(name) for name in ("ann", "bob", "BOB", "Bob", "carl")}
    assert {name: found.id if found else None for name, found in by_name.items()} == {
        "ann": "u1",
        "bob": "u3",
        "BOB": "u2",
        "Bob": None,
        "carl": None,
    }
    by_address = await store.user_by_email("ANN@example.COM")
    assert by_address is not None
    assert by_address.id == "u1"


async def test_a_room_is_seen_with_the_subscription(store: Store) -> None:
    await write(store, room("r1", "alpha", archived=True, prid="r0"), subscription("r1", "u1", "owner"))
    mine = await store.room_by_id("r1", "u1")
    assert mine is not None
    assert (mine.name, mine.type, mine.archived, mine.prid, mine.subscribed) == (
        "alpha",
        "p",
        True,
        "r0",
        True,
    )
    assert mine.subscription_roles == frozenset({"owner"})
    theirs = await store.room_by_name("alpha", "u2")
    assert theirs is not None
    assert not theirs.subscribed
    assert await store.room_by_name("Alpha", "u1") is None
    assert await store.owners("r1") == ["u1"]


async def test_a_scope_is_targets_and_clauses(store: Store) -> None:
    in_room, in_all = Link("#alpha", "room", "r1"), Link("all_private_groups", "scope", "all_private_groups")
    await write(
        store,
        integration("i1", in_room, in_all, created=3, _createdBy={"_id": "u1"}),
        integration("i2", in_room, created=2, _createdBy={"_id": "u2"}),
        integration("i3", in_all, created=1, type="webhook-outgoing", _createdBy={"_id": "u1"}),
        integration("i4", Link("#gone", "room", None), created=0),
    )
    targets = (("room", "r1"), ("scope", "all_private_groups"))

    async def ids(scope: IntegrationScope) -> list[str]:
        rows = [row async for part in store.scan(scope, "created") for row in part]
        page = await store.page(scope, "created", 0, 50)
        assert page.texts == [row.text for row in rows]
        assert page.total == len(rows)
        return [row.id for row in rows]

    assert await ids(IntegrationScope(targets, ANYBODY)) == ["i3", "i2", "i1"]
    assert await ids(IntegrationScope(targets[:1], ANYBODY)) == ["i2", "i1"]
    assert await ids(IntegrationScope(targets, ((None, "u1"),))) == ["i3", "i1"]
    assert await ids(IntegrationScope(targets, (("webhook-outgoing", None), ("webhook-incoming", "u2")))) == [
        "i3",
        "i2",
    ]
    assert await ids(IntegrationScope(targets, ())) == []
    assert await ids(IntegrationScope((), ANYBODY)) == []
    assert await ids(IntegrationScope(None, ANYBODY)) == ["i4", "i3", "i2", "i1"]


async def test_links_and_urls_follow_their_integration(store: Store) -> None:
    links = [Link("#alpha", "room", "r1"), Link("#gone", "room", None)]
    await write(store, integration("i1", *links, urls=["http://a", "http://a", "http://b"]))
    assert await store.links("i1") == links
    found = await store.integration_by_url("http://b")
    assert found is not None
    assert found.id == "i1"
    await write(store, integration("i1", links[1], urls=["http://c"]))
    assert await store.links("i1") == links[1:]
    assert await store.integration_by_url("http://b") is None
    await write(store, Remove("integrations", "i1"))
    assert await store.links("i1") == []
    assert await store.integration_by_url("http://c") is None


async def test_what_nobody_asks_for_may_hold_any_character(store: Store) -> None:
    nul = {"_id": "u\0"}
    said = {"_id": "m1", "rid": "r1", "u": {"_id": "u1"}, "msg": "hi", "mentions": [nul], "starred": [nul]}
    await write(
        store,
        user(
            "u1",
            "ann",
            roles=["user", "a\0b"],
            emails=[{"address": "a\0@b.example"}, {"address": "a@b.example"}],
        ),
        room("r1", "alpha"),
        subscription("r1", "u1", "owner", "a\0b"),
        integration("i1", urls=["http://a\0b/", "http://c"]),
        Put("messages", Document("m1", said)),
    )
    for kind, id in (("users", "u1"), ("integrations", "i1"), ("messages", "m1"), ("subscriptions", "r1-u1")):
        stored = await store.get(kind, id)
        assert stored is not None
        assert "\\u0000" in stored.text
    assert await store.owners("r1") == ["u1"]
    assert await store.user_by_email("a@b.example") is not None
    assert await store.integration_by_url("http://c") is not None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(created=st.lists(st.integers(0, 3), max_size=30), size=st.integers(1, 12))
async def test_pages_of_any_size_yield_every_document_once(
    store: Store, created: list[int], size: int
) -> None:
    old = [row.id for row in await store.select(Everything("integrations"))]
    await write(store, *(Remove("integrations", id) for id in old))
    await write(store, *(integration(f"i{n:02}", created=when) for n, when in enumerate(created)))
    expected = sorted(range(len(created)), key=lambda n: (created[n], n))
    texts: list[str] = []
    while True:
        page = await store.page(IntegrationScope(None, ANYBODY), "created", len(texts), size)
        assert page.total == len(created)
        if not page.texts:
            break
        texts += page.texts
    assert [f'"_id":"i{n:02}"' in text for n, text in zip(expected, texts, strict=True)] == [True] * len(
        created
    )


async def test_wide_reads_see_everything_in_order(store: Store) -> None:
    steps = [integration(f"i{n:04}", Link("#alpha", "room", "r1"), created=n) for n in range(2_500)]
    await write(store, *steps)
    for scope in (IntegrationScope(None, ANYBODY), IntegrationScope((("room", "r1"),), ANYBODY)):
        ids = [row.id async for part in store.scan(scope, "created") for row in part]
        assert ids == [f"i{n:04}" for n in range(2_500)]
        page = await store.page(scope, "created", 10, 0)
        assert (len(page.texts), page.total) == (2_490, 2_500)
        beyond = await store.page(scope, "created", 9_999, 50)
        assert (beyond.texts, beyond.total) == ([], 2_500)


async def test_orders(store: Store) -> None:
    await write(store, user("u2", "ann"), user("u1", "bob"))
    by_name = await store.page(Everything("users"), "username", 0, 10)
    assert ['"ann"' in text for text in by_name.texts] == [True, False]
    by_id = await store.page(Everything("users"), "id", 0, 10)
    assert ['"ann"' in text for text in by_id.texts] == [False, True]


async def test_select_by_field(store: Store) -> None:
    await write(store, subscription("r1", "u1"), subscription("r2", "u1"), subscription("r1", "u2"))
    found = await store.select(Having("subscriptions", "user_id", "u1"))
    assert [row.id for row in found] == ["r1-u1", "r2-u1"]
    with pytest.raises(ValueError, match="no indexed field"):
        await store.select(Having("subscriptions", "text", "x"))


async def test_users_by_role_and_by_presence(store: Store) -> None:
    await write(
        store,
        user("u1", "zoe", roles=["bot", "user"], status="away"),
        user("u2", "bob", roles=["user"], status="offline"),
        user("u3", "ann", roles=["bot"], status="online"),
        user("u4", "cat", roles=["robot"]),
        subscription("r1", "u2", "bot"),
    )

    async def ids(selection: Selection) -> list[str]:
        page = await store.page(selection, "username", 0, 10)
        assert page.total == len(page.texts)
        return [json.loads(text)["_id"] for text in page.texts]

    assert await ids(UsersWith("bot")) == ["u3", "u1"]
    assert await ids(UsersWith("app")) == []
    assert await ids(Reachable()) == ["u3", "u1"]
    await write(store, user("u1", "zoe", roles=["user"], status="offline"))
    assert await ids(UsersWith("bot")) == ["u3"]
    assert await ids(Reachable()) == ["u3"]
