"""users.register and what surrounds it, over HTTP (spec/08)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.wire.conftest import StartServer, calm
from tests.wire.server import Server

REGISTER = "/api/v1/users.register"


def account(username: str, /, **more: Any) -> dict[str, Any]:
    body = {
        "username": username,
        "name": username.title(),
        "email": f"{username}@example.com",
        "pass": f"pw-{username}",
    }
    return body | more


def register(server: Server, username: str, /, **more: Any) -> httpx.Response:
    return server.anonymous().post(REGISTER, json=account(username, **more))


def change(server: Server, setting: str, value: Any) -> None:
    server.admin.post(f"/api/v1/settings/{setting}", json={"value": value}).raise_for_status()


def test_who_registers_gets_an_account_and_may_log_in(server: Server) -> None:
    body = register(server, "reg-ann", customFields={"team": "red"}).raise_for_status().json()
    user = body["user"]
    assert body.keys() == {"user", "success"}
    assert (user["username"], user["name"], user["active"], user["type"]) == (
        "reg-ann",
        "Reg-Ann",
        True,
        "user",
    )
    assert not {"services", "emails", "roles", "settings"} & user.keys()  # nobody is logged in
    ann = server.client("reg-ann")
    me = ann.get("/api/v1/me").json()
    assert (me["_id"], me["roles"], me["customFields"]) == (user["_id"], ["user"], {"team": "red"})
    answer = ann.post(REGISTER, json=account("reg-again"))
    assert (answer.status_code, answer.json()) == (
        400,
        {"success": False, "error": "Logged in users can not register again."},
    )


@pytest.mark.parametrize(
    ("more", "error", "kind"),
    [
        ({"username": "a b"}, "The username provided is not valid", None),
        ({"username": "Admin"}, "Username is already in use", None),
        ({"name": "<b>"}, "Name contains invalid characters", None),
        ({"email": "ADMIN@example.com"}, "admin@example.com is already in use :(", "error-field-unavailable"),
        ({"email": "x"}, "Invalid email x", "error-invalid-email"),
        ({"username": "system"}, "system is blocked and can't be used!", "error-blocked-username"),
        ({"pass": ""}, "The field Password is required", "error-the-field-is-required"),
        ({"pass": 5}, "must be string", "invalid-params"),
        ({"roles": ["admin"]}, "must NOT have additional properties", "invalid-params"),
    ],
)
def test_what_is_refused(server: Server, more: dict[str, Any], error: str, kind: str | None) -> None:
    answer = register(server, "reg-bad", **more)
    expected = {"success": False, "error": error if kind is None else f"{error} [{kind}]"}
    assert answer.status_code == 400
    assert answer.json() == (expected if kind is None else expected | {"errorType": kind})


@pytest.mark.parametrize("missing", ["username", "name", "email", "pass"])
def test_four_members_are_required(server: Server, missing: str) -> None:
    body = account("reg-bad")
    del body[missing]
    answer = server.anonymous().post(REGISTER, json=body)
    assert answer.json()["error"] == f"must have required property '{missing}' [invalid-params]"


def test_the_settings_say_who_may_register(server: Server) -> None:
    try:
        change(server, "Accounts_RegistrationForm", "Disabled")
        answer = register(server, "reg-late")
        assert answer.json() == {
            "success": False,
            "error": "User registration is disabled [error-user-registration-disabled]",
            "errorType": "error-user-registration-disabled",
            "details": {"method": "registerUser"},
        }
        change(server, "Accounts_RegistrationForm", "Secret URL")
        change(server, "Accounts_RegistrationForm_SecretURL", "sesame")
        answer = register(server, "reg-late", secret="open")
        assert answer.json()["errorType"] == "error-user-registration-secret"
        assert register(server, "reg-late", secret="sesame").status_code == 200
    finally:
        change(server, "Accounts_RegistrationForm", "Public")


def test_who_must_wait_for_approval_can_not_log_in(server: Server) -> None:
    try:
        change(server, "Accounts_ManuallyApproveNewUsers", value=True)
        user = register(server, "reg-wait", reason="I am new").json()["user"]
    finally:
        change(server, "Accounts_ManuallyApproveNewUsers", value=False)
    assert user["active"] is False
    shown = server.admin.get("/api/v1/users.info", params={"userId": user["_id"]}).json()["user"]
    assert shown["reason"] == "I am new"
    body = {"user": "reg-wait", "password": "pw-reg-wait"}
    answer = server.anonymous().post("/api/v1/login", json=body)
    assert (answer.status_code, answer.json()["error"]) == (401, "error-user-is-not-activated")
    approval = {"userId": user["_id"], "activeStatus": True}
    server.admin.post("/api/v1/users.setActiveStatus", json=approval).raise_for_status()
    assert server.client("reg-wait").get("/api/v1/me").json()["active"] is True


def test_of_many_who_register_one_name_one_gets_it(server: Server) -> None:
    visitor = server.anonymous()
    bodies = [
        account(name, email=f"reg-{n}@example.com") for n, name in enumerate(("reg-one", "REG-ONE") * 4)
    ]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: visitor.post(REGISTER, json=body), bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    errors = {answer.json()["error"] for answer in answers if answer.status_code == 400}
    assert errors == {"Username is already in use"}


def test_the_first_account_rules_also_where_many_come_at_once(start_server: StartServer) -> None:
    own = start_server(ADMIN_PASS="")
    limiter = {"value": False}
    assert own.anonymous().post("/api/v1/settings/API_Enable_Rate_Limiter", json=limiter).status_code == 401
    first = register(own, "first").raise_for_status().json()["user"]
    admin = own.client("first")
    assert admin.get("/api/v1/me").json()["roles"] == ["user", "admin"]
    assert admin.post("/api/v1/settings/API_Enable_Rate_Limiter", json=limiter).json() == {"success": True}
    second = register(own, "second").raise_for_status()
    assert second.status_code == 200
    assert own.client("second").get("/api/v1/me").json()["roles"] == ["user"]
    where = {"role": "owner", "roomId": "GENERAL"}
    owners = admin.get("/api/v1/roles.getUsersInRole", params=where).json()["users"]
    assert [one["_id"] for one in owners] == [first["_id"]]


def test_one_account_a_minute_from_one_address(start_server: StartServer) -> None:
    own = start_server()
    answer = register(own, "quick").raise_for_status()
    assert answer.headers["x-ratelimit-limit"] == "1"
    answer = register(own, "quicker")
    assert answer.status_code == 429
    assert "too many requests" in answer.json()["error"]
    change(own, "Rate_Limiter_Limit_RegisterUser", 5)
    answer = register(own, "quickest")
    assert (answer.status_code, answer.headers["x-ratelimit-limit"]) == (200, "5")


def test_a_forgotten_password_is_written_to_the_log(server: Server) -> None:
    server.create_user("reg-forget")
    visitor, path = server.anonymous(), "/api/v1/users.forgotPassword"
    for email in ("Reg-Forget@example.com", "nobody@example.com"):
        assert visitor.post(path, json={"email": email}).json() == {"success": True}
    assert "password forgotten" in server.log
    assert "reg-forget" in server.log
    assert "nobody" not in server.log
    for nobody in ({}, {"email": ""}):
        answer = visitor.post(path, json=nobody)
        assert (answer.status_code, answer.json()) == (
            400,
            {"success": False, "error": "The 'email' param is required"},
        )
    assert visitor.post(path, json={"email": {"$ne": ""}}).status_code == 400
    try:
        change(server, "Accounts_PasswordReset", value=False)
        answer = visitor.post(path, json={"email": "x@example.com"})
        assert answer.json() == {"success": False, "error": "Password reset is not enabled"}
    finally:
        change(server, "Accounts_PasswordReset", value=True)


def test_names_that_are_free(server: Server) -> None:
    ann = server.create_user("reg-names", name="Mary Ann")
    path = "/api/v1/users.checkUsernameAvailability"
    for username, free in (("reg-free", True), ("REG-names", False), ("a b", False)):
        answer = ann.get(path, params={"username": username})
        assert answer.json() == {"result": free, "success": True}
    answer = ann.get(path)
    assert answer.json()["error"] == "must have required property 'username' [invalid-params]"
    answer = ann.get("/api/v1/users.getUsernameSuggestion")
    assert answer.json() == {"result": "mary.ann", "success": True}
    assert server.anonymous().get(path, params={"username": "x"}).status_code == 401


def test_the_environment_may_describe_an_account(start_server: StartServer) -> None:
    own = calm(start_server(INITIAL_USER='{"_id":"helper","username":"helper","roles":["bot"]}'))
    user = own.admin.get("/api/v1/users.info", params={"userId": "helper"}).json()["user"]
    assert (user["username"], user["roles"]) == ("helper", ["bot"])
