"""A commit runs whole or not at all, and its guards decide."""

import asyncio

import pytest

from strongback.documents.document import Document
from strongback.errors import Conflict
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import (
    Absent,
    AccessAt,
    AdminRemains,
    EmailFree,
    Guard,
    Holds,
    OwnerRemains,
    Present,
    RoleUnused,
    Steady,
    TokenNameFree,
    Unchanged,
)
from strongback.storage.selections import Having
from strongback.storage.steps import Put, PutToken, Remove, RemoveAll, Token

from .conftest import login_token, room, subscription, user, write

pytestmark = pytest.mark.anyio


async def test_a_failed_guard_writes_nothing(store: Store) -> None:
    await write(store, room("r1", "alpha"))
    guard = Absent("rooms", "name", "alpha")
    with pytest.raises(Conflict) as raised:
        await store.commit(Changes([guard], [room("r2", "beta")]))
    assert raised.value.guard == guard
    assert await store.get("rooms", "r2") is None


async def test_a_failed_step_undoes_the_steps_before_it(store: Store) -> None:
    await write(store, room("r1", "alpha"))
    with pytest.raises(Conflict):
        await store.commit(Changes([], [user("u1", "ann"), room("r2", "alpha")]))
    assert await store.get("users", "u1") is None


async def test_of_many_who_take_one_name_one_gets_it(store: Store) -> None:
    tries = [
        store.commit(Changes([Absent("rooms", "name", "alpha")], [room(f"r{n}", "alpha")])) for n in range(20)
    ]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19
    assert (await store.counts())["rooms"] == 1


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (Absent("users", "username", "bob"), True),
        (Absent("users", "username", "ann"), False),
        (Absent("users", "username_fold", "ann"), False),
        (Absent("users", "id", "u1"), False),
        (Present("users", "u1"), True),
        (Present("users", "u9"), False),
        (Unchanged("users", "u1", 1), True),
        (Unchanged("users", "u1", 2), False),
        (Unchanged("users", "u9", 0), False),
        (Holds("users", "u1", "username", "ann"), True),
        (Holds("users", "u1", "username", "root"), False),
        (Holds("users", "u9", "username", "ann"), False),
        (AdminRemains("u1"), True),
        (AdminRemains("u2"), False),
        (RoleUnused("admin"), False),
        (RoleUnused("moderator"), False),
        (RoleUnused("leader"), True),
        (OwnerRemains("r1", "u1"), False),
        (OwnerRemains("r1", "u2"), True),
        (OwnerRemains("r2", "u1"), True),
        (OwnerRemains("r2", "u3"), True),
        (OwnerRemains("r9", "u1"), True),
        (EmailFree("ANN@example.com", "u1"), True),
        (EmailFree("ANN@example.com", "u2"), False),
        (TokenNameFree("u1", "ci"), False),
        (TokenNameFree("u1", "cd"), True),
        (Steady("subscriptions", "rid", "r1", 2, 1), True),
        (Steady("subscriptions", "rid", "r1", 1, 1), False),
        (Steady("subscriptions", "rid", "r1", 2, 0), False),
        (Steady("subscriptions", "rid", "r9", 0, 0), True),
    ],
    ids=str,
)
async def test_guards(store: Store, guard: Guard, expected: bool) -> None:
    personal = Token("u1", "h1", {"type": "personalAccessToken", "name": "ci", "hashedToken": "h1"})
    await write(
        store,
        user("u1", "ann", emails=[{"address": "Ann@Example.com"}]),
        user("u2", "root", roles=["admin"]),
        user("u3", "gone", roles=["admin"], active=False),
        subscription("r1", "u1", "moderator", "owner"),
        subscription("r1", "u2", "moderator"),
        subscription("r2", "u1", "owner"),
        subscription("r2", "u3", "owner"),
        PutToken(personal),
    )
    if expected:
        await store.commit(Changes([guard], []))
    else:
        with pytest.raises(Conflict):
            await store.commit(Changes([guard], []))


async def test_steady_notices_a_change_an_addition_and_a_removal(store: Store) -> None:
    having = Having("subscriptions", "rid", "r1")
    await write(store, subscription("r1", "u1"), subscription("r1", "u2"))
    for step in (
        subscription("r1", "u1", "owner"),
        subscription("r1", "u3"),
        Remove("subscriptions", "r1-u2"),
    ):
        guard = await store.steady(having)
        await store.commit(Changes([guard], []))
        await write(store, step)
        with pytest.raises(Conflict):
            await store.commit(Changes([guard], []))


async def test_members_are_counted_by_the_store(store: Store) -> None:
    async def members() -> object:
        stored = await store.get("rooms", "r1")
        assert stored is not None
        return stored.decode().body["usersCount"]

    await write(store, room("r1", "alpha", usersCount=77), subscription("r1", "u1"), subscription("r1", "u2"))
    assert await members() == 2
    await write(store, subscription("r1", "u2", "owner"), room("r1", "alpha", topic="new"))
    assert await members() == 2
    await write(store, RemoveAll("subscriptions", "user_id", "u1"))
    assert await members() == 1


async def test_writes_of_settings_permissions_and_roles_raise_the_access_revision(store: Store) -> None:
    await write(store, user("u1", "ann"))
    before = (await store.access()).revision
    for kind in ("settings", "permissions", "roles"):
        await write(
            store, Put(kind, Document("x", {"_id": "x", "value": 1, "roles": ["a"], "scope": "Users"}))
        )
        after = (await store.access()).revision
        assert after > before
        before = after
    await write(store, room("r1", "alpha"))
    access = await store.access()
    assert access.revision == before
    assert access.permissions["x"] == frozenset({"a"})
    assert access.settings["x"] == 1
    assert access.roles["x"] == "Users"


async def test_a_commit_may_ask_that_no_permission_role_or_setting_has_changed(store: Store) -> None:
    seen = (await store.access()).revision
    await store.commit(Changes([AccessAt(seen)], [room("r1", "alpha")]))
    await store.commit(Changes([AccessAt(seen)], [Put("settings", Document("x", {"_id": "x", "value": 1}))]))
    with pytest.raises(Conflict):
        await store.commit(Changes([AccessAt(seen)], [room("r2", "beta")]))
    assert await store.get("rooms", "r2") is None


async def test_login_tokens_beyond_the_cap_go_oldest_first(store: Store) -> None:
    personal = Token("u1", "pat", {"type": "personalAccessToken", "name": "ci", "hashedToken": "pat"})
    await write(store, user("u1", "ann"), PutToken(personal))
    for hour in range(4):
        await write(store, PutToken(login_token("u1", f"h{hour}", f"2024-01-01T0{hour}:00:00.000Z"), keep=2))
    assert [token.hash for token in await store.tokens("u1")] == ["pat", "h2", "h3"]


async def test_text_that_can_not_be_stored_fails_alone(store: Store) -> None:
    good = store.commit(Changes([], [room("r1", "alpha")]))
    bad = store.commit(Changes([], [room("r2", "\ud800")]))
    outcomes = await asyncio.gather(good, bad, return_exceptions=True)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], Exception)
    assert await store.get("rooms", "r1") is not None
