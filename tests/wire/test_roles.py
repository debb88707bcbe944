"""Roles, over HTTP (spec/03 section 5)."""

import pytest

from tests.wire.server import Server

ADD, REMOVE = "/api/v1/roles.addUserToRole", "/api/v1/roles.removeUserFromRole"


def test_the_list_has_the_default_roles_without_dates(server: Server) -> None:
    body = server.create_user("roles-plain").get("/api/v1/roles.list").json()
    found = {role["_id"]: role for role in body["roles"]}
    assert len(found) == 11
    assert found["leader"] == {
        "_id": "leader",
        "name": "leader",
        "scope": "Subscriptions",
        "description": "Leader",
        "mandatory2fa": False,
        "protected": True,
    }


def test_sync_lists_what_changed_since(server: Server) -> None:
    path = "/api/v1/roles.sync"
    later = server.admin.get(path, params={"updatedSince": "2999-01-01T00:00:00.000Z"}).json()
    assert later == {"roles": {"update": [], "remove": []}, "success": True}
    early = server.admin.get(path, params={"updatedSince": "2000-01-01T00:00:00.000Z"}).json()
    assert len(early["roles"]["update"]) == 11
    answer = server.admin.get(path)
    assert (answer.status_code, answer.json()["error"]) == (400, "Match error: Missing key 'updatedSince'")


def test_a_role_is_given_and_taken(server: Server) -> None:
    ann = server.create_user("roles-ann")
    body = {"roleId": "bot", "username": "roles-ann"}
    answer = server.admin.post(ADD, json=body).json()
    assert answer["role"] == {
        "_id": "bot",
        "name": "bot",
        "scope": "Users",
        "description": "",
        "mandatory2fa": False,
        "protected": True,
    }
    assert ann.get("/api/v1/me").json()["roles"] == ["user", "bot"]
    answer = server.admin.post(ADD, json=body)
    assert answer.json()["error"] == "User already in role [error-user-already-in-role]"
    assert server.admin.post(REMOVE, json=body).json()["role"]["_id"] == "bot"
    assert ann.get("/api/v1/me").json()["roles"] == ["user"]
    answer = server.admin.post(REMOVE, json=body)
    assert answer.json()["error"] == "User is not in this role [error-user-not-in-role]"


def test_the_old_parameter_works_and_says_that_it_is_old(server: Server) -> None:
    server.create_user("roles-old")
    answer = server.admin.post(ADD, json={"roleName": "guest", "username": "roles-old"})
    assert answer.status_code == 200
    assert answer.headers["x-deprecation-type"] == "parameter-deprecation"


def test_a_role_of_rooms_is_held_in_a_room_only(server: Server) -> None:
    bob = server.create_user("roles-bob")
    id = bob.headers["x-user-id"]
    body = {"roleId": "moderator", "username": "roles-bob"}
    answer = server.admin.post(ADD, json=body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "error-invalid-user")
    assert server.admin.post(ADD, json=body | {"roomId": "GENERAL"}).status_code == 200
    assert bob.get("/api/v1/me").json()["roles"] == ["user"]
    where = {"role": "moderator", "roomId": "GENERAL"}
    listed = server.admin.get("/api/v1/roles.getUsersInRole", params=where).json()
    assert [user["_id"] for user in listed["users"]] == [id]
    assert listed["total"] == 1
    assert server.admin.post(REMOVE, json=body | {"scope": "GENERAL"}).status_code == 200
    assert server.admin.get("/api/v1/roles.getUsersInRole", params=where).json()["users"] == []


def test_users_in_a_role_by_pages(server: Server) -> None:
    for name in ("roles-app-b", "roles-app-a"):
        server.create_user(name, roles=["app"])
    path = "/api/v1/roles.getUsersInRole"
    body = server.admin.get(path, params={"role": "app"}).json()
    assert body.keys() == {"users", "total", "success"}
    assert [user["username"] for user in body["users"]] == ["roles-app-a", "roles-app-b"]
    assert body["users"][0].keys() == {"_id", "name", "username", "emails", "createdAt", "_updatedAt"}
    body = server.admin.get(path, params={"role": "app", "offset": "1", "count": "1"}).json()
    assert ([user["username"] for user in body["users"]], body["total"]) == (["roles-app-b"], 2)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, 'Query param "role" is required [error-param-not-provided]'),
        ({"role": "no-such"}, "[error-invalid-roleId]"),
    ],
)
def test_users_in_no_role(server: Server, params: dict[str, str], error: str) -> None:
    answer = server.admin.get("/api/v1/roles.getUsersInRole", params=params)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_the_last_administrator_stays_one(server: Server) -> None:
    answer = server.admin.post(REMOVE, json={"roleId": "admin", "username": "admin"})
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "error": "You need to have at least one admin [error-admin-required]",
        "errorType": "error-admin-required",
    }


def test_unknown_roles_and_users(server: Server) -> None:
    answer = server.admin.post(ADD, json={"roleId": "no-such", "username": "admin"})
    assert answer.json() == {"success": False, "error": "error-role-not-found", "errorType": "Role not found"}
    answer = server.admin.post(REMOVE, json={"roleId": "no-such", "username": "admin"})
    assert answer.json()["error"] == "This role does not exist [error-invalid-roleId]"
    answer = server.admin.post(REMOVE, json={"roleId": "bot", "username": "roles-nobody"})
    assert answer.json()["error"] == "There is no user with this username [error-invalid-user]"
    answer = server.admin.post(ADD, json={"username": "admin"})
    assert answer.json()["errorType"] == "error-invalid-role-properties"


def test_nobody_makes_itself_an_administrator(server: Server) -> None:
    eve = server.create_user("roles-eve")
    answer = eve.post(ADD, json={"roleId": "admin", "username": "roles-eve"})
    assert answer.json()["error"] == "Accessing permissions is not allowed [error-action-not-allowed]"
    answer = eve.post(REMOVE, json={"roleId": "admin", "username": "admin"})
    assert answer.json()["error"] == "Accessing permissions is not allowed [error-not-allowed]"
    answer = eve.get("/api/v1/roles.getUsersInRole", params={"role": "admin"})
    assert answer.json()["error"] == "Not allowed [error-not-allowed]"
    assert eve.get("/api/v1/me").json()["roles"] == ["user"]
