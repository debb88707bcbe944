"""Permissions: the cache, the grants, and permissions.update (spec/03)."""

import asyncio
from typing import Any

import pytest

from strongback.accounts import permissions
from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Access
from strongback.storage.steps import Put
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

ACCESS = Access(1, {"read": frozenset({"user"}), "own": frozenset({"owner"}), "none": frozenset()}, {}, {})


def caller(*roles: str) -> Caller:
    """Somebody with these roles."""
    return Caller("id", "name", frozenset(roles), ACCESS)


def test_a_permission_is_granted_by_any_of_the_roles_and_denied_by_default() -> None:
    assert caller("user").may("read")
    assert caller("bot", "user").may("read")
    assert not caller("bot").may("read")
    assert not caller().may("read")
    assert not caller("user").may("unknown")
    assert not caller("user").may("none")


def test_the_roles_in_a_room_count_in_the_room_alone() -> None:
    assert caller("user").may_in("own", frozenset({"owner"}))
    assert caller("user").may_in("read", frozenset())
    assert not caller("user").may("own")
    assert not caller("user").may_in("own", frozenset({"moderator"}))
    assert not caller("user").may_in("unknown", frozenset({"owner"}))


async def update(world: World, given: Any, username: str = "admin") -> list[Document]:
    return await permissions.update(
        world.store, world.clock, world.cache, await world.caller(username), given
    )


async def test_an_update_replaces_the_roles_and_is_in_force_at_once(world: World) -> None:
    await world.user("ann")
    assert (await world.caller("ann")).may("create-p")
    world.now += 5
    everything = await update(
        world, [{"_id": "create-p", "roles": ["admin"]}, {"_id": "create-c", "roles": []}]
    )
    assert not (await world.caller("ann")).may("create-p")
    found = {document.id: document.body for document in everything}
    assert found["create-p"] == {
        "_id": "create-p",
        "roles": ["admin"],
        "_updatedAt": "2023-11-14T22:13:20.005Z",
    }
    assert found["create-c"]["roles"] == []
    assert len(found) > 150


async def test_a_change_by_another_process_is_seen_by_the_next_request(world: World) -> None:
    await world.user("ann")
    assert (await world.caller("ann")).may("create-p")
    changed = Document("create-p", {"_id": "create-p", "roles": []})
    await world.store.commit(Changes([], [Put("permissions", changed)]))
    assert not (await world.caller("ann")).may("create-p")


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        (None, "error-invalid-body-params", "Invalid body params"),
        ({"_id": "create-p", "roles": []}, "error-invalid-body-params", "Invalid body params"),
        ([{"_id": "create-p"}], "error-invalid-body-params", "Invalid body params"),
        ([{"_id": "create-p", "roles": "admin"}], "error-invalid-body-params", "Invalid body params"),
        ([{"_id": "create-p", "roles": [1]}], "error-invalid-body-params", "Invalid body params"),
        ([{"_id": "create-p", "roles": ["bot", "bot"]}], "error-invalid-body-params", "Invalid body params"),
        ([{"_id": 1, "roles": []}], "error-invalid-body-params", "Invalid body params"),
        ([{"_id": "create-p", "roles": [], "x": 1}], "error-invalid-body-params", "Invalid body params"),
        ([{"_id": "nothing", "roles": []}], "error-invalid-permission", "Invalid permission"),
        (
            [{"_id": "create-p", "roles": []}, {"_id": "create-p", "roles": ["user"]}],
            "error-invalid-permission",
            "Invalid permission",
        ),
        ([{"_id": "create-p", "roles": ["nobody"]}], "error-invalid-role", "Invalid role"),
        ([{"_id": "create-p", "roles": ["livechat-monitor"]}], "error-invalid-role", "Invalid role"),
    ],
)
async def test_a_bad_update_is_refused(world: World, given: Any, error: str, text: str) -> None:
    with pytest.raises(Failure) as refused:
        await update(world, given)
    assert (refused.value.error, refused.value.message) == (error, text)
    assert (await world.store.access()).permissions["create-p"] == {"admin", "user", "bot", "app"}


async def test_one_bad_entry_refuses_the_whole_update(world: World) -> None:
    with pytest.raises(Failure, match="Invalid role"):
        await update(world, [{"_id": "create-c", "roles": []}, {"_id": "create-p", "roles": ["nobody"]}])
    assert (await world.store.access()).permissions["create-c"] == {"admin", "user", "bot", "app"}


async def test_an_update_needs_the_permission_to_access_permissions(world: World) -> None:
    await world.user("ann")
    with pytest.raises(Failure) as refused:
        await update(world, None, "ann")
    assert refused.value.error == "error-edit-permissions-not-allowed"
    assert refused.value.message == "Editing permissions is not allowed"


async def test_updates_in_parallel_all_count(world: World) -> None:
    ids = ["create-c", "create-p", "create-d", "delete-c", "delete-p", "edit-room", "leave-c", "leave-p"]
    caller = await world.caller()
    await asyncio.gather(
        *(
            permissions.update(world.store, world.clock, world.cache, caller, [{"_id": id, "roles": [role]}])
            for id in ids
            for role in ("bot", "bot", "bot")
        )
    )
    table = (await world.store.access()).permissions
    assert {id: table[id] for id in ids} == {id: {"bot"} for id in ids}


async def test_listing_since_a_date_shows_what_changed_later(world: World) -> None:
    assert await permissions.list_all(world.store, "2023-11-14T22:13:20.000Z") == []
    world.now += 1
    await update(world, [{"_id": "create-p", "roles": []}])
    later = await permissions.list_all(world.store, "2023-11-14T22:13:20.000Z")
    assert [document.id for document in later] == ["create-p"]
    assert len(await permissions.list_all(world.store, "2023-11-14")) > 150
    assert len(await permissions.list_all(world.store, "1969-12-31T23:00:00.000Z")) > 150
    assert len(await permissions.list_all(world.store, "1970-01-01T00:00:00.000Z")) > 150


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13-01", "[object Object]"])
async def test_what_is_no_date_is_refused(world: World, text: str) -> None:
    with pytest.raises(Failure) as refused:
        await permissions.list_all(world.store, text)
    assert refused.value.error == "error-roomId-param-invalid"
    assert refused.value.text == 'The "updatedSince" query parameter must be a valid date.'
