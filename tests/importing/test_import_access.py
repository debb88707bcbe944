"""Roles, permissions and settings of a dump."""

from pathlib import Path
from typing import Any

import pytest

from tests.importing.imports import Database, changed, refused, write_dump

pytestmark = pytest.mark.anyio


async def test_a_permission_replaces_ours(database: Database, tmp_path: Path) -> None:
    await database.take(
        write_dump(tmp_path / "d", permissions=[{"_id": "create-p", "roles": ["admin", "user"]}])
    )
    before = await database.store.access()
    await database.take(
        write_dump(tmp_path / "d", permissions=[{"_id": "create-p", "roles": ["x"], "level": "settings"}])
    )
    after = await database.store.access()
    assert after.permissions == {"create-p": {"x"}}
    assert after.revision > before.revision
    assert (await database.body("permissions", "create-p"))["level"] == "settings"


@pytest.mark.parametrize(
    ("given", "roles"),
    [
        ({}, set()),
        ({"roles": "admin"}, {"admin"}),
        ({"roles": ["a", {"b": 1}]}, {"a"}),
        ({"roles": 3}, set()),
    ],
)
async def test_roles_of_a_permission_become_a_list(
    database: Database, tmp_path: Path, given: Any, roles: set[str]
) -> None:
    done = await database.take(write_dump(tmp_path / "d", permissions=[{"_id": "p", **given}]))
    assert (await database.store.access()).permissions == {"p": roles}
    assert len(changed(done)) == 1


async def test_roles(database: Database, tmp_path: Path) -> None:
    given: list[dict[str, Any]] = [
        {"_id": "a", "name": "a", "scope": "Subscriptions", "odd": 1},
        {"_id": "b", "scope": "Rooms"},
    ]
    done = await database.take(write_dump(tmp_path / "d", roles=given))
    assert (await database.store.access()).roles == {"a": "Subscriptions", "b": "Users"}
    assert (await database.body("roles", "a"))["odd"] == 1
    assert (await database.body("roles", "b"))["name"] == "b"
    assert [id for id, _ in changed(done)] == ["b", "b"]


async def test_settings(database: Database, tmp_path: Path) -> None:
    given: list[dict[str, Any]] = [
        {"_id": "Secret", "value": "s", "hidden": True, "secret": True},
        {"_id": "Nothing", "value": None},
        {"_id": "Group", "type": "group"},
    ]
    done = await database.take(write_dump(tmp_path / "d", settings=given))
    assert refused(done) == {"Group": "it has no value"}
    assert (await database.store.access()).settings == {"Secret": "s", "Nothing": None}
    assert (await database.body("settings", "Secret"))["secret"] is True
