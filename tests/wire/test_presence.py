"""users.setStatus, getStatus, getPresence and presence, over HTTP (spec/08)."""

from typing import Any

import pytest

from tests.wire.server import Server

SET = "/api/v1/users.setStatus"
MATCH = "Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation"


def test_people_say_what_they_are(server: Server) -> None:
    ann = server.create_user("pres-ann")
    id = ann.headers["x-user-id"]
    assert ann.post(SET, json={"message": "at lunch", "status": "away"}).json() == {"success": True}
    me = ann.get("/api/v1/me").json()
    assert (me["status"], me["statusDefault"], me["statusText"]) == ("away", "away", "at lunch")
    assert "statusConnection" not in me
    ann.post(SET, json={"message": ""}).raise_for_status()
    assert ann.get("/api/v1/me").json()["statusText"] == ""
    ann.post(SET, json={"status": "online"}).raise_for_status()
    server.client("pres-ann")
    assert ann.get("/api/v1/me").json()["status"] == "online"  # a login changes nothing
    assert ann.get("/api/v1/users.getStatus").json() == {
        "_id": id,
        "status": "online",
        "connectionStatus": "offline",
        "success": True,
    }
    own = ann.get("/api/v1/users.getPresence").json()
    assert own.keys() == {"presence", "connectionStatus", "lastLogin", "success"}
    assert (own["presence"], own["connectionStatus"]) == ("online", "offline")
    for params in ({"userId": id}, {"username": "PRES-ann"}, {"user": "pres-ann"}):
        assert server.admin.get("/api/v1/users.getPresence", params=params).json() == {
            "presence": "online",
            "success": True,
        }
        assert server.admin.get("/api/v1/users.getStatus", params=params).json()["status"] == "online"
        assert ann.get("/api/v1/users.getPresence", params=params).json() == own
    answer = ann.get("/api/v1/users.getPresence", params={"username": "pres-nobody"})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "error-invalid-user")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, MATCH),
        ({"message": 5}, MATCH),
        ({"status": ["away"]}, MATCH),
        ({"message": "x", "status": 1}, MATCH),
        (
            {"status": "asleep"},
            "Valid status types include online, away, offline, and busy. [error-invalid-status]",
        ),
    ],
)
def test_what_is_no_status(server: Server, body: dict[str, Any], error: str) -> None:
    answer = server.admin.post(SET, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_the_settings_decide(server: Server) -> None:
    ann = server.create_user("pres-bea")
    for setting, body, text, kind in (
        (
            "Accounts_AllowUserStatusMessageChange",
            {"status": "away"},
            "Change status is not allowed",
            "error-not-allowed",
        ),
        (
            "Accounts_AllowInvisibleStatusOption",
            {"status": "offline"},
            "Invisible status is disabled",
            "error-status-not-allowed",
        ),
    ):
        path = f"/api/v1/settings/{setting}"
        server.admin.post(path, json={"value": False}).raise_for_status()
        answer = ann.post(SET, json=body)
        server.admin.post(path, json={"value": True}).raise_for_status()
        assert answer.status_code == 400
        assert answer.json() == {
            "success": False,
            "error": f"{text} [{kind}]",
            "errorType": kind,
            "details": {"method": "users.setStatus"},
        }


def test_others_need_the_permission(server: Server) -> None:
    ann = server.create_user("pres-cid")
    for who in ({"username": "rocket.cat"}, {"userId": "rocket.cat"}, {"username": "pres-nobody"}):
        answer = ann.post(SET, json={"status": "busy"} | who)
        assert (answer.status_code, answer.json()) == (403, {"success": False, "error": "unauthorized"})
    ann.post(SET, json={"status": "busy", "username": "PRES-CID"}).raise_for_status()
    server.admin.post(SET, json={"message": "purring", "userId": "rocket.cat"}).raise_for_status()
    cat = ann.get("/api/v1/users.info", params={"username": "rocket.cat"}).json()["user"]
    assert cat["statusText"] == "purring"
    assert ann.get("/api/v1/me").json()["status"] == "busy"


def test_lists_of_who_is_there(server: Server) -> None:
    ann, bob = server.create_user("pres-dan"), server.create_user("pres-eve")
    ann.post(SET, json={"status": "away", "message": "soon"}).raise_for_status()
    ids = [client.headers["x-user-id"] for client in (ann, bob)]
    path = "/api/v1/users.presence"
    shown = {
        "_id": ids[0],
        "name": "Pres-Dan",
        "username": "pres-dan",
        "status": "away",
        "statusText": "soon",
    }
    body = bob.get(path).json()
    assert (body["full"], body["success"]) == (True, True)
    assert shown in body["users"]
    assert ids[1] not in {one["_id"] for one in body["users"]}
    for params in ({"ids": ",".join(ids)}, {"ids[]": ids}):
        assert bob.get(path, params=params).json() == {"users": [shown], "full": False, "success": True}
    changed = bob.get(path, params={"from": "2999-01-01T00:00:00.000Z"}).json()
    assert changed == {"users": [], "full": False, "success": True}
    for since in ("2000-01-01T00:00:00.000Z", "soon"):
        assert bob.get(path, params={"from": since}).json()["full"] is True
    assert server.anonymous().get(path).status_code == 401
