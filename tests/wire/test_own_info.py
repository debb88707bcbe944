"""users.updateOwnBasicInfo, users.setPreferences and users.getPreferences, over HTTP (spec/08)."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.wire.server import Server

OWN = "/api/v1/users.updateOwnBasicInfo"


def digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def update(client: httpx.Client, /, **data: Any) -> httpx.Response:
    return client.post(OWN, json={"data": data})


def test_people_change_what_is_theirs(server: Server) -> None:
    ann = server.create_user("own-ann")
    body = {
        "data": {"name": "Ann", "username": "own-anna", "bio": "hi", "nickname": "A", "statusText": "here"},
        "customFields": {"team": "red"},
    }
    answer = ann.post(OWN, json=body).json()
    user = answer["user"]
    assert answer.keys() == {"user", "success"}
    assert (user["name"], user["username"], user["bio"]) == ("Ann", "own-anna", "hi")
    assert (user["statusText"], user["customFields"]) == ("here", {"team": "red"})
    assert "services" not in user
    me = ann.get("/api/v1/me").json()
    assert (me["username"], me["nickname"]) == ("own-anna", "A")
    assert update(ann, statusType="busy").json()["user"]["status"] == "busy"


def test_an_address_and_a_password_need_the_current_password(server: Server) -> None:
    ann, elsewhere = server.create_user("own-bea"), server.client("own-bea")
    for data in ({"email": "bea@example.com"}, {"newPassword": "new-pw"}):
        answer = update(ann, **data)
        assert (answer.status_code, answer.json()["error"]) == (400, "TOTP Required [totp-required]")
        answer = update(ann, **data, currentPassword=digest("guess"))
        assert (answer.status_code, answer.json()["errorType"]) == (400, "totp-invalid")
    current = {"currentPassword": digest("pw-own-bea")}
    user = update(ann, email="bea@example.com", **current).json()["user"]
    assert user["emails"] == [{"address": "bea@example.com", "verified": False}]
    answer = update(ann, newPassword="pw-own-bea", **current)
    assert answer.json()["errorType"] == "error-password-same-as-current"
    assert update(ann, newPassword="new-pw", **current).status_code == 200
    assert ann.get("/api/v1/me").status_code == 200
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert server.client("own-bea", "new-pw").get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "must have required property 'data' [invalid-params]"),
        ({"data": {"roles": ["admin"]}}, "must NOT have additional properties [invalid-params]"),
        ({"data": {"username": "admin"}}, "admin is blocked and can't be used! [error-blocked-username]"),
        ({"data": {"username": "Rocket.Cat"}}, "Rocket.Cat is already in use :( [error-field-unavailable]"),
        ({"data": {"name": "<"}}, "Name contains invalid characters"),
        (
            {"data": {"statusType": "asleep"}},
            "Valid status types include online, away, offline, and busy. [error-invalid-status]",
        ),
    ],
)
def test_what_is_refused(server: Server, body: dict[str, Any], error: str) -> None:
    ann = server.client("own-cid") if CREATED else server.create_user("own-cid")
    CREATED.append(1)
    answer = ann.post(OWN, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


CREATED: list[int] = []


def test_preferences(server: Server) -> None:
    ann = server.create_user("own-pref")
    id = ann.headers["x-user-id"]
    assert ann.get("/api/v1/users.getPreferences").json() == {"preferences": {}, "success": True}
    body = {"data": {"useEmojis": False, "highlights": ["ship"], "idleTimeLimit": 60, "language": "de"}}
    answer = ann.post("/api/v1/users.setPreferences", json=body).json()
    assert answer == {
        "user": {"_id": id, "settings": {"preferences": body["data"]}},
        "success": True,
    }
    ann.post("/api/v1/users.setPreferences", json={"data": {"useEmojis": True}}).raise_for_status()
    stored = body["data"] | {"useEmojis": True}
    assert ann.get("/api/v1/users.getPreferences").json()["preferences"] == stored
    me = ann.get("/api/v1/me").json()
    assert (me["language"], me["settings"]["preferences"]["idleTimeLimit"]) == ("de", 60)


def test_preferences_of_others(server: Server) -> None:
    ann, path = server.create_user("own-pref2"), "/api/v1/users.setPreferences"
    body = {"userId": "rocket.cat", "data": {"hideRoles": True}}
    answer = ann.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "Editing user is not allowed [error-action-not-allowed]",
    )
    assert server.admin.post(path, json=body).json()["user"]["_id"] == "rocket.cat"
    answer = server.admin.post(path, json=body | {"userId": "nobody"})
    assert answer.json()["errorType"] == "error-invalid-user"
    for data, error in (
        ({"nonsense": 1}, "must NOT have additional properties"),
        ({"hideRoles": 1}, "must be boolean"),
    ):
        assert ann.post(path, json={"data": data}).json()["error"] == f"{error} [invalid-params]"
