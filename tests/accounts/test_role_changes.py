"""Roles that people make themselves (spec/03 section 5)."""

import asyncio
from typing import Any

import pytest

from strongback.accounts import role_changes, roles
from strongback.documents.document import Document
from strongback.documents.subscription import new_subscription
from strongback.errors import Failure
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

INVALID = ("error-invalid-role-properties", "The role properties are invalid.")
ENTERPRISE = ("error-action-not-allowed", "This is an enterprise feature")
NOT_ALLOWED = ("error-action-not-allowed", "Accessing permissions is not allowed")


async def create(world: World, by: str = "admin", /, *, offered: bool = True, **given: Any) -> Document:
    return await role_changes.create(world.store, world.clock, await world.caller(by), given, offered=offered)


async def update(
    world: World, id: str, by: str = "admin", /, *, offered: bool = True, **given: Any
) -> Document:
    return await role_changes.update(
        world.store, world.clock, await world.caller(by), id, given, offered=offered
    )


async def delete(world: World, id: str, by: str = "admin", /) -> None:
    await role_changes.delete(world.store, world.clock, await world.caller(by), id)


def told(refused: pytest.ExceptionInfo[Failure]) -> tuple[str | None, str]:
    return refused.value.error, refused.value.text


async def test_a_new_role_is_one_of_users_and_not_protected(world: World) -> None:
    made = await create(world, name="Integrator")
    assert len(made.id) == 24
    assert await world.body("roles", made.id) == made.body
    assert made.body == {
        "_id": made.id,
        "name": "Integrator",
        "scope": "Users",
        "description": "",
        "mandatory2fa": False,
        "protected": False,
        "_updatedAt": "2023-11-14T22:13:20.000Z",
    }
    told = await create(world, name="Captain", scope="Subscriptions", description="Leads", mandatory2fa=True)
    assert (told.body["scope"], told.body["description"], told.body["mandatory2fa"]) == (
        "Subscriptions",
        "Leads",
        True,
    )


async def test_a_new_role_counts_at_once(world: World) -> None:
    made = await create(world, name="Integrator")
    ann = await world.user("ann")
    admin = await world.caller()
    assert admin.access.roles[made.id] == "Users"
    await world.grant("view-statistics", made.id)
    await roles.add_user(world.store, world.clock, admin, made, ann, None)
    assert (await world.caller("ann")).may("view-statistics")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": ""},
        {"name": None},
        {"name": 7},
        {"name": "x", "description": 1},
        {"name": "x", "mandatory2fa": "yes"},
        {"name": "x", "protected": True},
        {"name": "x", "_id": "admin"},
    ],
)
async def test_what_is_no_role(world: World, given: dict[str, Any]) -> None:
    await world.user("ann")
    for by in ("admin", "ann"):  # the shape is looked at before the permission
        with pytest.raises(Failure) as refused:
            await create(world, by, **given)
        assert told(refused) == INVALID
        with pytest.raises(Failure) as refused:
            await update(world, "guest", by, **given)
        assert told(refused) == INVALID


async def test_a_scope_is_one_of_two(world: World) -> None:
    with pytest.raises(Failure) as refused:
        await create(world, name="x", scope="Everywhere")
    assert told(refused) == ("error-invalid-scope", "Invalid scope")


async def test_all_need_the_permission(world: World) -> None:
    await world.user("ann")
    for attempt in (
        create(world, "ann", name="x"),
        update(world, "guest", "ann", name="guest"),
        delete(world, "guest", "ann"),
    ):
        with pytest.raises(Failure) as refused:
            await attempt
        assert told(refused) == NOT_ALLOWED


async def test_without_the_licence_only_protected_roles_change(world: World) -> None:
    await world.user("ann")
    for by in ("admin", "ann"):
        with pytest.raises(Failure) as refused:
            await create(world, by, offered=False)  # before anything else
        assert told(refused) == ENTERPRISE
    made = await create(world, name="Integrator")
    for id in ("", "nobody", made.id):
        with pytest.raises(Failure) as refused:
            await update(world, id, name="Other", offered=False)
        assert told(refused) == ENTERPRISE
    with pytest.raises(Failure) as refused:
        await update(world, "guest", "ann", name="guest", offered=False)
    assert told(refused) == NOT_ALLOWED
    with pytest.raises(Failure) as refused:
        await update(world, "", "ann", offered=False)
    assert told(refused) == INVALID
    guest = await update(world, "guest", name="guest", description="Guests", offered=False)
    assert guest.body["description"] == "Guests"


async def test_a_name_is_given_once(world: World) -> None:
    made = await create(world, name="Integrator")
    expected = ("error-duplicate-role-names-not-allowed", "Role name already exists")
    for name in ("Integrator", "admin", made.id):
        with pytest.raises(Failure) as refused:
            await create(world, name=name)
        assert told(refused) == expected
    other = await create(world, name="Other")
    with pytest.raises(Failure) as refused:
        await update(world, other.id, name="Integrator")
    assert told(refused) == expected
    assert (await update(world, other.id, name="Other", description="x")).body["description"] == "x"


async def test_of_many_who_give_one_name_one_succeeds(world: World) -> None:
    other = await create(world, name="Other")
    results = await asyncio.gather(
        *(create(world, name="Same") for _ in range(3)),
        update(world, other.id, name="Same"),
        return_exceptions=True,
    )
    failures = [result for result in results if isinstance(result, Failure)]
    assert [failure.error for failure in failures] == ["error-duplicate-role-names-not-allowed"] * 3
    names = [role.body["name"] for role in await roles.list_all(world.store)]
    assert names.count("Same") == 1


async def test_a_change_sets_what_is_given(world: World) -> None:
    made = await create(world, name="Integrator", description="old", mandatory2fa=True)
    world.now += 1_000
    changed = await update(world, made.id, name="Wirer", scope="Subscriptions", description=None)
    assert changed.body == {
        **made.body,
        "name": "Wirer",
        "scope": "Subscriptions",
        "_updatedAt": "2023-11-14T22:13:21.000Z",
    }
    assert await world.body("roles", made.id) == changed.body
    assert await roles.changed_since(world.store, world.now - 1) != []
    with pytest.raises(Failure) as refused:
        await update(world, "nobody", name="x")
    assert told(refused) == ("error-invalid-roleId", "This role does not exist")


@pytest.mark.parametrize("given", [{"name": "boss"}, {"name": "admin", "scope": "Subscriptions"}])
async def test_a_protected_role_keeps_its_name_and_scope(world: World, given: dict[str, Any]) -> None:
    with pytest.raises(Failure) as refused:
        await update(world, "admin", **given)
    assert told(refused) == ("error-role-protected", "Role is protected")


async def test_the_scope_of_a_role_that_somebody_has_stays(world: World) -> None:
    made = await create(world, name="Integrator")
    await world.user("ann", roles=[made.id])
    with pytest.raises(Failure) as refused:
        await update(world, made.id, name="Integrator", scope="Subscriptions")
    assert refused.value.error == "error-role-in-use"
    assert (await update(world, made.id, name="Other")).body["name"] == "Other"


async def test_a_role_that_nobody_has_goes_also_from_its_permissions(world: World) -> None:
    made = await create(world, name="Integrator")
    await world.grant("create-p", "user", made.id, "bot")
    await delete(world, "Integrator")
    assert await world.store.get("roles", made.id) is None
    assert (await world.body("permissions", "create-p"))["roles"] == ["user", "bot"]
    assert made.id not in (await world.caller()).access.roles


@pytest.mark.parametrize("scope", ["Users", "Subscriptions"])
async def test_a_role_that_somebody_has_stays(world: World, scope: str) -> None:
    made = await create(world, name="Captain", scope=scope)
    ann = await world.user("ann")
    if scope == "Users":
        await world.put("users", Document(ann.id, await world.body("users", ann.id) | {"roles": [made.id]}))
    else:
        room = await world.body("rooms", "GENERAL")
        (joined,) = await world.bodies("subscriptions", "user_id", ann.id)
        again = new_subscription(joined["_id"], room, ann.body, world.now, roles=[made.id])
        await world.put("subscriptions", again)
    with pytest.raises(Failure) as refused:
        await delete(world, made.id)
    assert told(refused) == ("error-role-in-use", "Cannot delete role because it's in use")


async def test_a_protected_role_stays_and_an_unknown_one_is_unknown(world: World) -> None:
    with pytest.raises(Failure) as refused:
        await delete(world, "guest")
    assert told(refused) == ("error-role-protected", "Cannot delete a protected role")
    with pytest.raises(Failure) as refused:
        await delete(world, "nobody")
    assert told(refused) == ("error-invalid-roleId", "This role does not exist")


async def test_a_role_is_never_given_while_it_goes(world: World) -> None:
    for n in range(5):
        made, ann = await create(world, name="Fleeting"), await world.user(f"ann-{n}")
        admin = await world.caller()
        await asyncio.gather(
            roles.add_user(world.store, world.clock, admin, made, ann, None),
            role_changes.delete(world.store, world.clock, admin, made.id),
            return_exceptions=True,
        )
        held = made.id in (await world.body("users", ann.id))["roles"]
        assert held is (await world.store.get("roles", made.id) is not None)
        if held:
            await roles.remove_user(world.store, world.clock, admin, made.id, f"ann-{n}", None)
            await delete(world, made.id)
