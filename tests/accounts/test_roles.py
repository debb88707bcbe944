"""Who has which role (spec/03 section 5)."""

import json
from typing import Any

import pytest

from strongback.accounts import roles
from strongback.errors import Failure
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio


async def users_in(
    world: World, role: str, room: str | None = None, offset: int = 0, count: int = 0
) -> tuple[list[str], int]:
    found, total = await roles.users_in(world.store, await world.caller(), role, room, offset, count)
    return [user["username"] for user in found], total


async def test_the_holders_of_a_role_by_pages(world: World) -> None:
    for name in ("zoe", "ann", "bob"):
        await world.user(name, roles=["app", "user"])
    await world.user("cid")
    assert await users_in(world, "app") == (["ann", "bob", "zoe"], 3)
    assert await users_in(world, "app", offset=1, count=1) == (["bob"], 3)
    assert await users_in(world, "app", offset=9, count=1) == ([], 3)
    assert await users_in(world, "guest") == ([], 0)


async def test_only_holders_are_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.user("ann", roles=["app"])
    monkeypatch.setattr(world.store, "scan", None)
    found, _ = await roles.users_in(world.store, await world.caller(), "app", None, 0, 0)
    assert found[0].keys() == {"_id", "name", "username", "emails", "createdAt", "_updatedAt"}


async def test_the_holders_of_a_role_of_rooms_are_those_of_the_room(world: World) -> None:
    for name in ("zoe", "ann"):
        user = await world.user(name)
        owner = await roles.find(world.store, "owner")
        assert owner is not None
        admin = await world.caller()
        await roles.add_user(world.store, world.clock, admin, owner, user, "GENERAL")
    assert await users_in(world, "owner", "GENERAL") == (["ann", "zoe"], 2)
    assert await users_in(world, "owner", "GENERAL", 1, 5) == (["zoe"], 2)
    assert await users_in(world, "owner") == ([], 0)
    assert await users_in(world, "owner", "elsewhere") == ([], 0)
    removed = await roles.remove_user(
        world.store, world.clock, await world.caller(), "owner", "zoe", "GENERAL"
    )
    assert removed.id == "owner"
    assert await users_in(world, "owner", "GENERAL") == (["ann"], 1)


async def test_looking_needs_the_permissions(world: World) -> None:
    await world.user("ann")
    await world.grant("access-permissions", "user")
    ann = await world.caller("ann")
    assert (await roles.users_in(world.store, ann, "bot", None, 0, 0))[1] == 1
    with pytest.raises(Failure) as refused:
        await roles.users_in(world.store, ann, "owner", "GENERAL", 0, 0)
    assert (refused.value.error, refused.value.text) == ("error-not-allowed", "Not allowed")


async def test_roles_with_a_description_are_public(world: World) -> None:
    await world.user("ann", roles=["user", "livechat-agent", "admin"])
    await world.user("bob", roles=["user", "bot"])
    found: list[dict[str, Any]] = await roles.in_public_roles(world.store)
    assert [(one["username"], one["roles"]) for one in found] == [
        ("admin", ["admin"]),
        ("ann", ["livechat-agent", "admin"]),
    ]
    assert json.dumps(found).count("@example.com") == 0
