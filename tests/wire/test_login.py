"""Login, logout, me and the headers of a request, over HTTP (spec/01 sections 1 to 4)."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.wire.server import Server

LOGIN_REQUIRED = {"status": "error", "message": "You must be logged in to do this."}


@pytest.fixture(scope="module")
def ann(server: Server) -> str:
    """The id of an ordinary user `login-ann`, password `pw-login-ann`."""
    client = server.create_user("login-ann")
    found: str = client.get("/api/v1/me").json()["_id"]
    return found


@pytest.fixture
def visitor(server: Server) -> httpx.Client:
    """A client that is not logged in."""
    return server.anonymous()


def test_a_login_answers_status_and_data_without_success(visitor: httpx.Client, ann: str) -> None:
    answer = visitor.post("/api/v1/login", json={"user": "login-ann", "password": "pw-login-ann"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    assert body.keys() == {"status", "data"}
    assert body["status"] == "success"
    assert body["data"].keys() == {"userId", "authToken", "me"}
    assert body["data"]["userId"] == ann
    assert body["data"]["me"]["username"] == "login-ann"
    assert "bcrypt" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/login", "/api/login"])
def test_a_form_logs_in(visitor: httpx.Client, ann: str, path: str) -> None:
    answer = visitor.post(path, data={"username": "login-ann", "password": "pw-login-ann"})
    assert answer.json()["data"]["userId"] == ann


def test_a_digest_logs_in(visitor: httpx.Client, ann: str) -> None:
    digest = hashlib.sha256(b"pw-login-ann").hexdigest()
    password = {"digest": digest, "algorithm": "sha-256"}
    answer = visitor.post("/api/v1/login", json={"user": "login-ann@example.com", "password": password})
    assert answer.json()["data"]["userId"] == ann
    form = {"user": "login-ann", "password[digest]": digest, "password[algorithm]": "sha-256"}
    assert visitor.post("/api/v1/login", data=form).json()["data"]["userId"] == ann


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ({"user": "login-ann", "password": "wrong"}, "Unauthorized", "Unauthorized"),
        ({"user": "login-nobody", "password": "wrong"}, "Unauthorized", "Unauthorized"),
        ({"user": "login-ann"}, 400, "Match failed"),
        ({}, 400, "Match failed"),
        ({"resume": "nothing"}, 403, "You've been logged out by the server. Please log in again."),
    ],
)
@pytest.mark.usefixtures("ann")
def test_a_refused_login(visitor: httpx.Client, body: dict[str, Any], error: Any, message: str) -> None:
    answer = visitor.post("/api/v1/login", json=body)
    assert answer.status_code == 401
    assert answer.json() == {"status": "error", "error": error, "message": message}


def test_resume_then_logout(server: Server, visitor: httpx.Client, ann: str) -> None:
    token = visitor.post("/api/v1/login", json={"user": "login-ann", "password": "pw-login-ann"}).json()
    token = token["data"]["authToken"]
    resumed = visitor.post("/api/v1/login", json={"resume": token}).json()
    assert resumed["data"]["authToken"] == token
    client = server.anonymous({"x-user-id": ann, "x-auth-token": token})
    assert client.get("/api/v1/me").status_code == 200
    out = client.post("/api/v1/logout")
    assert out.json() == {"status": "success", "data": {"message": "You've been logged out!"}}
    assert client.get("/api/v1/me").status_code == 401
    assert visitor.post("/api/v1/login", json={"resume": token}).status_code == 401


@pytest.mark.usefixtures("ann")
def test_logout_by_get(server: Server) -> None:
    client = server.client("login-ann")
    assert client.get("/api/v1/logout").status_code == 200
    assert client.get("/api/v1/me").status_code == 401


def test_missing_partial_and_foreign_credentials_are_401(server: Server, ann: str) -> None:
    admin = dict(server.admin.headers)
    for headers in (
        {},
        {"X-User-Id": ann},
        {"X-Auth-Token": admin["x-auth-token"]},
        {"X-User-Id": ann, "X-Auth-Token": admin["x-auth-token"]},
        {"X-User-Id": ann, "X-Auth-Token": ""},
        {"X-User-Id": "admin", "X-Auth-Token": admin["x-auth-token"]},
    ):
        answer = server.anonymous(headers).get("/api/v1/me")
        assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


def test_me_is_the_account_flat_with_success(server: Server) -> None:
    body = server.admin.get("/api/v1/me").json()
    assert body["username"] == "admin"
    assert body["name"] == "Administrator"
    assert body["roles"] == ["admin"]
    assert body["emails"] == [{"address": "admin@example.com", "verified": True}]
    assert body["email"] == "admin@example.com"
    assert body["active"] is True
    assert body["isOAuthUser"] is False
    assert body["services"] == {"password": {"exists": True}}
    assert body["avatarUrl"].endswith("/avatar/admin")
    assert body["settings"]["profile"] == {}
    assert isinstance(body["settings"]["preferences"], dict)
    assert body["success"] is True


@pytest.mark.usefixtures("ann")
def test_me_names_no_unverified_address(server: Server) -> None:
    body = server.client("login-ann").get("/api/v1/me").json()
    assert body["emails"] == [{"address": "login-ann@example.com", "verified": False}]
    assert "email" not in body


@pytest.mark.parametrize("path", ["/api/info", "/api/v1/info"])
def test_the_version_is_short_unless_statistics_may_be_seen(server: Server, path: str) -> None:
    body = server.anonymous().get(path).json()
    assert (body["version"], body["success"]) == ("6.14", True)
    assert "info" not in body
    full = server.admin.get(path).json()
    assert full["version"].startswith("6.14.")
    assert full["info"]["version"] == full["version"]


def test_another_verb_is_405_and_another_path_404(server: Server) -> None:
    answer = server.anonymous().get("/api/v1/login")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert answer.json() == {"status": "error", "message": "API endpoint does not exist"}
    answer = server.anonymous().get("/api/v1/nothing")
    assert (answer.status_code, answer.json()) == (404, {"success": False, "error": "Resource not found"})


def test_who_fails_too_often_has_to_wait(server: Server) -> None:
    server.create_user("login-bob")
    prefix = "/api/v1/settings/Block_Multiple_Failed_Logins_"
    limit = server.admin.post(f"{prefix}Attempts_Until_Block_by_User", json={"value": 3})
    limit.raise_for_status()
    visitor, wrong = server.anonymous(), {"user": "login-bob", "password": "wrong"}
    found = [visitor.post("/api/v1/login", json=wrong).json()["error"] for _ in range(4)]
    assert found == ["Unauthorized"] * 3 + ["error-login-blocked-for-user"]
    answer = visitor.post("/api/v1/login", json=wrong | {"password": "pw-login-bob"})
    assert answer.status_code == 401
    assert answer.json() == {
        "status": "error",
        "error": "error-login-blocked-for-user",
        "message": "Login has been temporarily blocked For User",
    }
    server.admin.post(f"{prefix}Enabled", json={"value": False}).raise_for_status()
    assert server.client("login-bob").get("/api/v1/me").status_code == 200
    server.admin.post(f"{prefix}Enabled", json={"value": True}).raise_for_status()
    server.admin.post(f"{prefix}Attempts_Until_Block_By_Ip", json={"value": 2}).raise_for_status()
    found = [
        visitor.post("/api/v1/login", json={"user": f"login-{n}", "password": "x"}).json()["error"]
        for n in range(3)
    ]
    server.admin.post(f"{prefix}By_Ip", json={"value": False}).raise_for_status()
    assert found == ["Unauthorized", "Unauthorized", "error-login-blocked-for-ip"]


def test_a_login_is_remembered(server: Server) -> None:
    server.create_user("login-cid")
    shown = server.admin.get("/api/v1/users.info", params={"username": "login-cid"}).json()["user"]
    assert shown["lastLogin"] >= shown["createdAt"]
    listed = server.admin.get("/api/v1/users.list", params={"query": '{"username":"login-cid"}'}).json()
    assert listed["users"][0]["lastLogin"] == shown["lastLogin"]
