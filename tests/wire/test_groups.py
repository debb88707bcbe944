"""groups.create and groups.delete, over HTTP (spec/04)."""

from typing import Any

import httpx
import pytest

from tests.wire.server import Server

CREATE = "/api/v1/groups.create"


@pytest.fixture(scope="module")
def gus(server: Server) -> httpx.Client:
    """An ordinary user."""
    return server.create_user("groups-gus")


def test_create_answers_the_group(server: Server, gus: httpx.Client) -> None:
    body = {"name": "groups-one", "members": ["groups-gus", "nobody-of-that-name"], "readOnly": True}
    answer = server.admin.post(CREATE, json=body)
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    group = answer.json()["group"]
    assert (group["t"], group["name"], group["fname"]) == ("p", "groups-one", "groups-one")
    assert (group["msgs"], group["usersCount"], group["ro"]) == (0, 2, True)
    assert group["customFields"] == {}
    assert group["u"]["username"] == "admin"


def test_a_form_creates_a_group(gus: httpx.Client) -> None:
    answer = gus.post(CREATE, data={"name": "groups-form", "readOnly": "true"})
    assert (answer.json()["group"]["ro"], answer.json()["group"]["usersCount"]) == (True, 1)


@pytest.mark.parametrize(
    ("body", "error", "error_type"),
    [
        ({}, 'Body param "name" is required', None),
        ({"name": ""}, 'Body param "name" is required', None),
        ({"name": 5}, 'Body param "name" is required', None),
        ({"name": "x", "members": "a"}, 'Body param "members" must be an array if provided', None),
        ({"name": "x", "customFields": []}, 'Body param "customFields" must be an object if provided', None),
        ({"name": "x", "extraData": 1}, 'Body param "extraData" must be an object if provided', None),
        (
            {"name": "x", "members": [1]},
            "members should be an array of usernames if provided for rooms other than direct messages "
            "[error-invalid-members]",
            "error-invalid-members",
        ),
        (
            {"name": "a b"},
            "a b is not a valid room name. [error-invalid-room-name]",
            "error-invalid-room-name",
        ),
        ({"name": "  "}, "Invalid name [error-invalid-name]", "error-invalid-name"),
        (
            {"name": "groups-taken"},
            "A channel with name 'groups-taken' exists [error-duplicate-channel-name]",
            "error-duplicate-channel-name",
        ),
    ],
)
def test_refusals(server: Server, body: dict[str, Any], error: str, error_type: str | None) -> None:
    server.admin.post(CREATE, json={"name": "groups-taken"})
    answer = server.admin.post(CREATE, json=body)
    assert answer.status_code == 400
    assert (answer.json()["success"], answer.json()["error"]) == (False, error)
    assert answer.json().get("errorType") == error_type


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"\\ud800"}',
        b'{"name":"a\\u0000b"}',
        b'{"name":"groups-x","members":["\\ud800"]}',
        b'{"name":"groups-x","readOnly":5}',
        b'{"name":"groups-x","members":[null]}',
        b'["name"]',
        b'{"name":["x"]}',
    ],
)
def test_odd_bodies_are_400(server: Server, body: bytes) -> None:
    answer = server.admin.post(CREATE, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_odd_members_do_no_harm(server: Server) -> None:
    body = {
        "name": "groups-odd",
        "members": ["", "\0", "x" * 5000],
        "customFields": {"$where": 1, "a.b": [1e308, 2**63]},
        "extraData": {"topic": {"deep": [1]}, "prid": 5, "teamId": None, "reactWhenReadOnly": "x"},
    }
    group = server.admin.post(CREATE, json=body).raise_for_status().json()["group"]
    assert group["customFields"]["$where"] == 1
    answer = server.admin.post("/api/v1/groups.delete", json={"roomId": group["_id"]})
    assert answer.json() == {"success": True}


@pytest.mark.parametrize("name", ["admin", "Administrator", "system", "user", "a/b", "#a", "ä"])
def test_names_that_no_room_may_have(server: Server, name: str) -> None:
    answer = server.admin.post(CREATE, json={"name": name})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "error-invalid-room-name")
    assert answer.json()["error"] == f"{name} is not a valid room name. [error-invalid-room-name]"


def test_a_channel_takes_the_name_from_groups(server: Server) -> None:
    server.admin.post("/api/v1/channels.create", json={"name": "groups-town"}).raise_for_status()
    answer = server.admin.post(CREATE, json={"name": "groups-town"})
    assert answer.json()["errorType"] == "error-duplicate-channel-name"


def test_extra_data_sets_what_is_listed_alone(server: Server, gus: httpx.Client) -> None:
    extra = {"broadcast": True, "topic": "t", "_id": "mine", "archived": True, "default": True, "t": "c"}
    extra |= {"name": "other", "msgs": 5, "usersCount": 7, "u": {"_id": "x"}, "ro": False, "joinCode": "x"}
    body = {"name": "groups-extra", "extraData": extra, "excludeSelf": True, "members": ["groups-gus"]}
    group = server.admin.post(CREATE, json=body).raise_for_status().json()["group"]
    assert (group["broadcast"], group["topic"], group["ro"]) == (True, "t", True)
    assert (group["t"], group["name"], group["msgs"], group["usersCount"]) == ("p", "groups-extra", 0, 1)
    assert group["u"]["username"] == "admin"
    assert group["_id"] != "mine"
    assert not group.get("archived")
    assert not group.get("default")
    assert "joinCode" not in group
    outside = server.admin.get("/api/v1/groups.getIntegrations", params={"roomId": group["_id"]})
    assert outside.json()["errorType"] == "error-room-not-found"


def test_without_the_permission_it_is_400_after_the_shape(server: Server, gus: httpx.Client) -> None:
    def hold(*roles: str) -> None:
        body = {"permissions": [{"_id": "create-p", "roles": list(roles)}]}
        server.admin.post("/api/v1/permissions.update", json=body).raise_for_status()

    hold("admin")
    try:
        answer = gus.post(CREATE, json={"name": "a b"})
        shape = gus.post(CREATE, json={"name": "x", "members": {}})
    finally:
        hold("admin", "user", "bot", "app")
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "error": "Not allowed [error-not-allowed]",
        "errorType": "error-not-allowed",
        "details": {"method": "createPrivateGroup"},
    }
    assert shape.json()["error"] == 'Body param "members" must be an array if provided'


def test_delete_once_then_not_found(server: Server) -> None:
    group = server.admin.post(CREATE, json={"name": "groups-gone"}).json()["group"]
    assert server.admin.post("/api/v1/groups.delete", json={"roomName": "groups-gone"}).json() == {
        "success": True
    }
    answer = server.admin.post("/api/v1/groups.delete", json={"roomId": group["_id"]})
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "error-room-not-found"
    assert server.admin.post(CREATE, json={"name": "groups-gone"}).status_code == 200


def test_delete_takes_membership_and_the_permission(server: Server, gus: httpx.Client) -> None:
    server.admin.post(CREATE, json={"name": "groups-hers"})
    server.admin.post(CREATE, json={"name": "groups-ours", "members": ["groups-gus"]})
    outside = gus.post("/api/v1/groups.delete", json={"roomName": "groups-hers"})
    assert outside.json()["errorType"] == "error-room-not-found"
    inside = gus.post("/api/v1/groups.delete", json={"roomName": "groups-ours"})
    assert inside.json() == {
        "success": False,
        "error": "Not allowed [error-not-allowed]",
        "errorType": "error-not-allowed",
        "details": {"method": "eraseRoom"},
    }
    own = gus.post(CREATE, json={"name": "groups-own"}).json()["group"]
    assert gus.post("/api/v1/groups.delete", json={"roomId": own["_id"]}).json() == {"success": True}
    assert gus.post("/api/v1/groups.delete", json={}).json()["errorType"] == "error-room-param-not-provided"
