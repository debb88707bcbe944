"""Roles, permissions, settings and the server itself with rocketchat-API."""

from typing import Any

import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
)

from tests.clients.conftest import People, id_of
from tests.clients.test_groups import names


@pytest.fixture(scope="module")
def rolf(people: People) -> Any:
    (client,) = people.create("rolf")
    return client


def test_info(people: People) -> None:
    major, minor = people.client().info()["version"].split(".")[:2]
    assert (int(major), int(minor)) >= (6, 14)
    assert people.admin.licenses_info() == {"license": {}, "success": True}


def test_roles(people: People, rolf: Any) -> None:
    admin = people.admin
    assert {"admin", "owner", "user", "bot"} <= {role["_id"] for role in admin.roles_list()["roles"]}
    assert admin.roles_add_user_to_role("bot", "rolf")["role"]["_id"] == "bot"
    assert names(admin.roles_get_users_in_role("bot", count=1)) == ["rocket.cat", "rolf"]
    assert sorted(rolf.me()["roles"]) == ["bot", "user"]
    with pytest.raises(RocketApiException) as refused:
        admin.roles_add_user_to_role("bot", "rolf")
    assert refused.value.error_type == "error-user-already-in-role"
    admin.roles_remove_user_from_role("bot", "rolf")
    assert rolf.me()["roles"] == ["user"]
    with pytest.raises(RocketApiException, match="Accessing permissions is not allowed"):
        rolf.roles_add_user_to_role("bot", "rolf")
    assert admin.roles_sync("2120-01-01T00:00:00.000Z")["roles"] == {"update": [], "remove": []}


def test_a_role_of_ones_own(people: People, rolf: Any) -> None:
    admin = people.admin
    role = admin.roles_create("Gardeners", description="They garden")["role"]
    assert (role["name"], role["scope"], role["protected"]) == ("Gardeners", "Users", False)
    admin.roles_add_user_to_role(role["_id"], "rolf")
    with pytest.raises(RocketApiException) as refused:
        admin.roles_delete(role["_id"])
    assert refused.value.error_type == "error-role-in-use"
    assert {"_id": id_of(rolf), "username": "rolf", "roles": [role["_id"]]} in (
        admin.roles_get_users_in_public_roles()["users"]
    )
    admin.roles_remove_user_from_role(role["_id"], "rolf")
    assert admin.roles_delete(role["_id"]) == {"success": True}
    assert role["_id"] not in {one["_id"] for one in admin.roles_list()["roles"]}


def test_permissions(people: People, rolf: Any) -> None:
    def allow(*roles: str) -> None:
        people.admin.permissions_update([{"_id": "create-p", "roles": [*roles]}])

    listed = {one["_id"]: one["roles"] for one in people.admin.permissions_list_all()["update"]}
    assert listed["create-p"] == ["admin", "user", "bot", "app"]
    allow("admin")
    with pytest.raises(RocketApiException) as refused:
        rolf.groups_create("forbidden")
    assert (refused.value.status_code, refused.value.error_type) == (400, "error-not-allowed")
    allow("admin", "user", "bot", "app")
    assert rolf.groups_create("allowed")["success"] is True


def test_settings(people: People, rolf: Any) -> None:
    admin = people.admin
    before = admin.settings_get("Message_MaxAllowedSize")["value"]
    assert before == 5000
    assert admin.settings_update("Message_MaxAllowedSize", 4000) == {"success": True}
    assert admin.settings_get("Message_MaxAllowedSize")["value"] == 4000
    admin.settings_update("Message_MaxAllowedSize", before)
    with pytest.raises(RocketApiException) as refused:
        rolf.settings_update("Message_MaxAllowedSize", 1)
    assert refused.value.status_code == 403
