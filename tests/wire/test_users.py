"""users.create, delete, info and list, over HTTP (spec/08)."""

import json
from typing import Any

import httpx
import pytest

from tests.wire.server import Server


def make(server: Server, username: str, /, **more: Any) -> httpx.Response:
    body = {
        "username": username,
        "name": username.title(),
        "email": f"{username}@example.com",
        "password": f"pw-{username}",
    }
    return server.admin.post("/api/v1/users.create", json=body | more)


def test_create_answers_the_account_without_secrets(server: Server) -> None:
    body = make(server, "users-ann", verified=True).json()
    user = body["user"]
    assert body["success"] is True
    assert user["username"] == "users-ann"
    assert user["emails"] == [{"address": "users-ann@example.com", "verified": True}]
    assert (user["type"], user["status"], user["active"], user["roles"]) == (
        "user",
        "offline",
        True,
        ["user"],
    )
    assert user["settings"] == {}
    assert not {"services", "inviteToken", "__rooms"} & user.keys()
    assert server.client("users-ann").get("/api/v1/me").json()["_id"] == user["_id"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"username": None}, "must be string [invalid-params]"),
        ({"extra": 1}, "must NOT have additional properties [invalid-params]"),
        ({"roles": "admin"}, "must be array [invalid-params]"),
        ({"customFields": 1}, "must be object [invalid-params]"),
    ],
)
def test_create_checks_the_shape_first(server: Server, change: dict[str, Any], error: str) -> None:
    answer = make(server, "users-bad", **change)
    assert answer.status_code == 400
    assert answer.json() == {"success": False, "error": error, "errorType": "invalid-params"}


def test_create_names_a_missing_member(server: Server) -> None:
    answer = server.admin.post("/api/v1/users.create", json={"username": "x", "name": "x", "password": "x"})
    assert answer.json()["error"] == "must have required property 'email' [invalid-params]"


def test_create_refuses_a_taken_name(server: Server) -> None:
    make(server, "users-taken")
    answer = make(server, "USERS-TAKEN", email="other@example.com")
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "error": "USERS-TAKEN is already in use :( [error-field-unavailable]",
        "errorType": "error-field-unavailable",
    }


def test_create_without_permission_is_400(server: Server) -> None:
    plain = server.create_user("users-plain")
    answer = plain.post(
        "/api/v1/users.create",
        json={"username": "x1", "name": "X", "email": "x1@example.com", "password": "x"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "Adding user is not allowed [error-action-not-allowed]"


def test_delete_by_name_and_by_id(server: Server) -> None:
    gone = server.create_user("users-gone")
    assert server.admin.post("/api/v1/users.delete", json={"username": "users-gone"}).json() == {
        "success": True
    }
    assert gone.get("/api/v1/me").status_code == 401
    id = make(server, "users-gone").json()["user"]["_id"]
    assert server.admin.post("/api/v1/users.delete", json={"userId": id}).json() == {"success": True}
    answer = server.admin.post("/api/v1/users.delete", json={"userId": id})
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "error-invalid-user"


def test_delete_without_a_parameter(server: Server) -> None:
    answer = server.admin.post("/api/v1/users.delete", json={})
    assert answer.json() == {
        "success": False,
        "error": 'The required "userId" or "username" param was not provided [error-user-param-not-provided]',
        "errorType": "error-user-param-not-provided",
    }


def test_delete_without_permission_is_403(server: Server) -> None:
    plain = server.create_user("users-plain2")
    for body in ({"username": "admin"}, {"username": "users-nobody"}, {}):
        answer = plain.post("/api/v1/users.delete", json=body)
        assert (answer.status_code, answer.json()) == (403, {"success": False, "error": "unauthorized"})


def test_a_sole_owner_goes_only_with_consent(server: Server) -> None:
    owner = server.create_user("users-owner")
    owner.post("/api/v1/groups.create", json={"name": "users-group"}).raise_for_status()
    answer = server.admin.post("/api/v1/users.delete", json={"username": "users-owner"})
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "user-last-owner"
    assert answer.json()["details"] == {"shouldBeRemoved": ["users-group"], "shouldChangeOwner": []}
    agreed = {"username": "users-owner", "confirmRelinquish": True}
    assert server.admin.post("/api/v1/users.delete", json=agreed).json() == {"success": True}


def test_rocket_cat_and_the_last_administrator_stay(server: Server) -> None:
    for username, text in (
        ("rocket.cat", "Deleting the rocket.cat user is not allowed"),
        ("admin", "Leaving the app without admins is not allowed"),
    ):
        answer = server.admin.post("/api/v1/users.delete", json={"username": username})
        assert answer.json()["error"] == f"{text} [error-action-not-allowed]"


def test_info_of_another_shows_less_without_permission(server: Server) -> None:
    plain = server.create_user("users-info")
    mine = plain.get("/api/v1/users.info", params={"username": "users-info"}).json()["user"]
    assert mine["canViewAllInfo"] is True
    assert {"emails", "roles", "createdAt"} <= mine.keys()
    assert "services" not in mine
    other = plain.get("/api/v1/users.info", params={"username": "admin"}).json()["user"]
    assert other.keys() == {"_id", "username", "name", "type", "status", "active", "canViewAllInfo"}
    assert other["canViewAllInfo"] is False
    seen = server.admin.get("/api/v1/users.info", params={"userId": mine["_id"]}).json()["user"]
    assert seen == mine


def test_info_takes_an_id_for_a_username_and_adds_rooms(server: Server) -> None:
    params = {"username": "rocket.cat", "fields": '{"userRooms":1}'}
    user = server.admin.get("/api/v1/users.info", params=params).json()["user"]
    assert (user["_id"], user["rooms"]) == ("rocket.cat", [])
    params["username"] = "admin"
    rooms = server.admin.get("/api/v1/users.info", params=params).json()["user"]["rooms"]
    assert {"name": "general", "rid": "GENERAL", "t": "c"}.items() <= rooms[0].items()


def test_info_of_nobody_and_of_nothing(server: Server) -> None:
    answer = server.admin.get("/api/v1/users.info", params={"username": "users-nobody"})
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": "User not found."})
    answer = server.admin.get("/api/v1/users.info")
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "invalid-params"
    answer = server.admin.get("/api/v1/users.info", params={"username[$ne]": "x"})
    assert answer.status_code == 400


def listed(client: httpx.Client, **params: Any) -> dict[str, Any]:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    found: dict[str, Any] = client.get("/api/v1/users.list", params=texts).raise_for_status().json()
    return found


def test_list_has_the_default_columns_and_is_sorted_by_username(server: Server) -> None:
    for name in ("users-list-b", "users-list-a"):
        make(server, name)
    body = listed(server.admin, count="0")
    names = [user["username"] for user in body["users"]]
    assert names == sorted(names)
    assert (body["count"], body["offset"], body["total"]) == (len(names), 0, len(names))
    ann = next(user for user in body["users"] if user["username"] == "users-list-a")
    assert ann.keys() == {"_id", "name", "username", "emails", "roles", "status", "active", "type"}


def test_list_hides_private_columns_from_others(server: Server) -> None:
    plain = server.create_user("users-list-plain")
    for user in listed(plain, count="0")["users"]:
        assert not {"emails", "roles", "lastLogin", "createdAt", "services"} & user.keys()
    assert "emails" not in listed(plain, fields={"name": 0})["users"][0]
    for params in ({"fields": '{"emails":1}'}, {"sort": '{"roles":1}'}, {"query": '{"emails.address":"x"}'}):
        assert plain.get("/api/v1/users.list", params=params).status_code == 400


def test_list_pages_filters_sorts_and_projects(server: Server) -> None:
    for name, shown in (("users-q-a", "beta"), ("users-q-b", "Alpha"), ("users-q-c", "gamma")):
        make(server, name, name=shown)
    query = {"username": {"$regex": "^users-q-"}}
    assert [user["name"] for user in listed(server.admin, query=query)["users"]] == ["beta", "Alpha", "gamma"]
    by_name = listed(server.admin, query=query, sort={"name": 1}, count="2")
    assert [user["name"] for user in by_name["users"]] == ["Alpha", "beta"]
    assert (by_name["count"], by_name["total"]) == (2, 3)
    rest = listed(server.admin, query=query, sort={"name": -1}, offset="2")
    assert [user["name"] for user in rest["users"]] == ["Alpha"]
    either = {"$or": [{"username": "users-q-a"}, {"emails.address": "users-q-c@example.com"}]}
    slim = listed(server.admin, query=either, fields={"name": 0, "roles": 0, "createdAt": 1})
    assert [user["username"] for user in slim["users"]] == ["users-q-a", "users-q-c"]
    assert "createdAt" in slim["users"][0]
    assert not {"name", "roles"} & slim["users"][0].keys()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"services.password.bcrypt": "x"}, "Invalid attribute: services.password.bcrypt"),
        ({"$nor": [{"name": "x"}]}, "Invalid operation: $nor"),
        ({"$or": [{"services": 1}]}, "Invalid attribute: services"),
        ({"roles": {"$in": ["admin"]}}, "Invalid attribute: roles.$in"),
        ({"bio": "x"}, "Invalid attribute: bio"),
    ],
)
def test_list_refuses_other_attributes(server: Server, query: dict[str, Any], message: str) -> None:
    answer = server.admin.get("/api/v1/users.list", params={"query": json.dumps(query)})
    assert answer.status_code == 400
    assert answer.json()["error"] == f"{message} [error-invalid-query]"
    assert answer.json()["errorType"] == "error-invalid-query"


def by_status(client: httpx.Client, **params: Any) -> list[str]:
    found = client.get("/api/v1/users.listByStatus", params=params | {"count": "0"}).raise_for_status().json()
    assert (found["count"], found["offset"], found["total"]) == (len(found["users"]), 0, len(found["users"]))
    return [user["username"] for user in found["users"] if user["username"].startswith("users-st")]


def test_list_by_status(server: Server) -> None:
    make(server, "users-st-gone", active=False)
    make(server, "users-st-bot", roles=["bot"], name="Steel (R2)")
    plain = server.create_user("users-st-here")
    everybody = ["users-st-bot", "users-st-gone", "users-st-here"]
    assert by_status(server.admin) == everybody
    assert by_status(server.admin, status="active") == ["users-st-bot", "users-st-here"]
    assert by_status(server.admin, status="deactivated") == ["users-st-gone"]
    assert by_status(server.admin, hasLoggedIn="true") == ["users-st-here"]
    assert by_status(server.admin, hasLoggedIn="false") == ["users-st-bot", "users-st-gone"]
    assert by_status(server.admin, type="bot") == []
    assert by_status(server.admin, **{"roles[]": ["bot", "app"]}) == ["users-st-bot"]
    assert by_status(server.admin, **{"roles[]": ["all"]}) == everybody
    assert by_status(server.admin, searchTerm=" STEEL (r ") == ["users-st-bot"]
    assert by_status(server.admin, searchTerm="st-gone@EXAMPLE") == ["users-st-gone"]
    assert by_status(plain, searchTerm="st-gone@example") == []
    assert by_status(plain, searchTerm="users-st", status="active") == ["users-st-bot", "users-st-here"]
    sort = '{"username":-1}'
    assert by_status(server.admin, sort=sort) == everybody[::-1]
    user = server.admin.get("/api/v1/users.listByStatus", params={"searchTerm": "users-st-here"}).json()
    assert {"roles", "emails", "lastLogin"} <= user["users"][0].keys()
    user = plain.get("/api/v1/users.listByStatus", params={"searchTerm": "users-st-here"}).json()
    assert not {"roles", "emails", "lastLogin"} & user["users"][0].keys()
    for params in (
        {"roles[]": ["admin"]},
        {"hasLoggedIn": "true"},
    ):  # what one may not see, one may not ask for
        assert plain.get("/api/v1/users.listByStatus", params=params).status_code == 400


def test_list_by_status_needs_the_permission(server: Server) -> None:
    nobody = server.create_user("users-st-anonymous", roles=["anonymous"])
    answer = nobody.get("/api/v1/users.listByStatus")
    assert (answer.status_code, answer.json()) == (
        403,
        {
            "success": False,
            "error": "User does not have the permissions required for this action [error-unauthorized]",
        },
    )
