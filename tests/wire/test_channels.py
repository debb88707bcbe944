"""channels.create and channels.delete, over HTTP (spec/04 section 6)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.wire.server import Server

CREATE, DELETE = "/api/v1/channels.create", "/api/v1/channels.delete"


def test_create_then_delete(server: Server) -> None:
    body = server.admin.post(CREATE, json={"name": "channels-one", "teams": []}).json()
    assert (body["channel"]["t"], body["channel"]["name"], body["success"]) == ("c", "channels-one", True)
    assert server.admin.post(DELETE, json={"roomId": body["channel"]["_id"]}).json() == {"success": True}
    again = server.admin.post(DELETE, json={"roomName": "channels-one"})
    assert again.json()["error"] == (
        'The required "roomId" or "roomName" param provided does not match any channel [error-room-not-found]'
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, 'Param "name" is required'),
        ({"name": "x", "members": {}}, 'Param "members" must be an array if provided'),
        ({"name": "x", "teams": "a"}, "Param teams must be an array"),
        ({"name": "a b"}, "a b is not a valid room name. [error-invalid-room-name]"),
    ],
)
def test_refusals(server: Server, body: dict[str, Any], error: str) -> None:
    answer = server.admin.post(CREATE, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_teams_are_refused_by_name_and_not_ignored(server: Server) -> None:
    answer = server.admin.post(CREATE, json={"name": "channels-teams", "teams": ["a"]})
    assert answer.status_code == 400
    assert '"teams"' in answer.json()["error"]


@pytest.fixture
def without_create_c(server: Server) -> Iterator[None]:
    """Only administrators may make channels."""
    default = ["admin", "user", "bot", "app"]
    for roles in (["admin"], default):
        body = {"permissions": [{"_id": "create-c", "roles": roles}]}
        server.admin.post("/api/v1/permissions.update", json=body).raise_for_status()
        if roles is not default:
            yield


@pytest.mark.usefixtures("without_create_c")
def test_the_permission_comes_before_the_body(server: Server) -> None:
    answer = server.create_user("channels-cid").post(CREATE, json={})
    assert (answer.status_code, answer.json()) == (403, {"success": False, "error": "unauthorized"})


@pytest.mark.parametrize(
    "body", [{}, {"roomId": "x", "roomName": "y"}, {"roomId": 5}, {"roomId": "x", "extra": 1}]
)
def test_delete_takes_exactly_one_name(server: Server, body: dict[str, Any]) -> None:
    answer = server.admin.post(DELETE, json=body)
    assert answer.json()["errorType"] == "invalid-params"
    assert "must match exactly one schema in oneOf" in answer.json()["error"]


def test_delete_takes_the_permission(server: Server) -> None:
    server.admin.post(CREATE, json={"name": "channels-two"})
    answer = server.create_user("channels-dan").post(DELETE, json={"roomName": "channels-two"})
    assert answer.json()["error"] == "Not allowed [error-not-allowed]"
