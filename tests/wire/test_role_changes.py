"""roles.create, update and delete, getUsersInPublicRoles and licenses.info, over HTTP (spec/03 section 5)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.wire.conftest import calm
from tests.wire.server import Server

CREATE, UPDATE, DELETE = (f"/api/v1/roles.{name}" for name in ("create", "update", "delete"))
INVALID = "The role properties are invalid. [error-invalid-role-properties]"
ENTERPRISE = "This is an enterprise feature [error-action-not-allowed]"
NOT_ALLOWED = "Accessing permissions is not allowed [error-action-not-allowed]"


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which people may make roles."""
    running = Server.start(tmp_path_factory.mktemp("roles"), STRONGBACK_CUSTOM_ROLES="true")
    try:
        yield calm(running)
    finally:
        running.stop()


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 400
    error: str = answer.json()["error"]
    return error


def test_a_server_without_a_licence_says_so(server: Server) -> None:
    ann = server.create_user("rolec-ann")
    assert ann.get("/api/v1/licenses.info").json() == {"license": {}, "success": True}
    assert server.anonymous().get("/api/v1/licenses.info").status_code == 401
    for client in (server.admin, ann):
        answer = client.post(CREATE, json={})
        assert refused(answer) == ENTERPRISE
        assert answer.json()["errorType"] == "error-action-not-allowed"


def test_protected_roles_change_without_a_licence(server: Server) -> None:
    ann = server.create_user("rolec-bea")
    assert refused(server.admin.post(UPDATE, json={})) == INVALID
    assert refused(server.admin.post(UPDATE, json={"roleId": "guest"})) == INVALID
    assert refused(server.admin.post(UPDATE, json={"roleId": 5, "name": "guest"})) == INVALID
    assert refused(server.admin.post(UPDATE, json={"roleId": "guest", "name": "guest", "x": 1})) == INVALID
    assert refused(ann.post(UPDATE, json={"roleId": "guest", "name": "guest"})) == NOT_ALLOWED
    for id in ("", "rolec-nobody"):
        assert refused(server.admin.post(UPDATE, json={"roleId": id, "name": "x"})) == ENTERPRISE
    body = {"roleId": "guest", "name": "guest", "description": "Guests"}
    assert server.admin.post(UPDATE, json=body).json() == {
        "role": {
            "_id": "guest",
            "name": "guest",
            "scope": "Users",
            "description": "Guests",
            "mandatory2fa": False,
            "protected": True,
        },
        "success": True,
    }
    answer = server.admin.post(UPDATE, json=body | {"name": "visitor"})
    assert refused(answer) == "Role is protected [error-role-protected]"
    sync = {"updatedSince": "2000-01-01T00:00:00.000Z"}
    synced = server.admin.get("/api/v1/roles.sync", params=sync).json()["roles"]["update"]
    assert next(role["description"] for role in synced if role["_id"] == "guest") == "Guests"


def test_the_life_of_a_role(free: Server) -> None:
    ann = free.create_user("ann")
    body = {"name": "Integrator", "description": "Wires", "scope": "Users", "mandatory2fa": False}
    made = free.admin.post(CREATE, json=body).json()
    role = made["role"]
    assert role == body | {"_id": role["_id"], "protected": False}
    grant = {"permissions": [{"_id": "view-statistics", "roles": ["admin", role["_id"]]}]}
    assert free.admin.post("/api/v1/permissions.update", json=grant).status_code == 200
    gift = {"roleId": role["_id"], "username": "ann"}
    assert free.admin.post("/api/v1/roles.addUserToRole", json=gift).status_code == 200
    assert "info" in ann.get("/api/v1/info").json()
    assert refused(free.admin.post(DELETE, json={"roleId": role["_id"]})) == (
        "Cannot delete role because it's in use [error-role-in-use]"
    )
    public = free.admin.get("/api/v1/roles.getUsersInPublicRoles").json()
    assert {"_id": ann.headers["x-user-id"], "username": "ann", "roles": [role["_id"]]} in public["users"]
    assert {one["username"] for one in public["users"]} == {"admin", "ann"}
    changed = free.admin.post(UPDATE, json={"roleId": role["_id"], "name": "Wirer"}).json()["role"]
    assert changed == role | {"name": "Wirer"}
    assert free.admin.post("/api/v1/roles.removeUserFromRole", json=gift).status_code == 200
    assert "info" not in ann.get("/api/v1/info").json()
    assert free.admin.post(DELETE, json={"roleId": "Wirer"}).json() == {"success": True}
    left = {
        one["_id"]: one["roles"] for one in free.admin.get("/api/v1/permissions.listAll").json()["update"]
    }
    assert left["view-statistics"] == ["admin"]
    assert refused(free.admin.post(DELETE, json={"roleId": role["_id"]})) == (
        "This role does not exist [error-invalid-roleId]"
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, INVALID),
        ({"name": ""}, INVALID),
        ({"name": ["x"]}, INVALID),
        ({"name": "x", "protected": True}, INVALID),
        ({"name": "x", "scope": "Everywhere"}, "Invalid scope [error-invalid-scope]"),
        ({"name": "admin"}, "Role name already exists [error-duplicate-role-names-not-allowed]"),
    ],
)
def test_what_is_no_new_role(free: Server, body: dict[str, Any], error: str) -> None:
    assert refused(free.admin.post(CREATE, json=body)) == error


def test_making_and_removing_need_the_permission(free: Server) -> None:
    bob = free.create_user("bob")
    assert refused(bob.post(CREATE, json={"name": "x"})) == NOT_ALLOWED
    assert refused(bob.post(DELETE, json={"roleId": "guest"})) == NOT_ALLOWED
    for body in ({}, {"roleId": ""}, {"roleId": 1}, {"roleId": "guest", "more": 1}):
        assert refused(bob.post(DELETE, json=body)) == INVALID
    assert refused(free.admin.post(DELETE, json={"roleId": "guest"})) == (
        "Cannot delete a protected role [error-role-protected]"
    )


def test_of_many_who_make_one_role_one_succeeds(free: Server) -> None:
    assert free.admin.get("/api/v1/me").status_code == 200
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: free.admin.post(CREATE, json={"name": "Same"}), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
