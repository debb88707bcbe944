"""Settings, the rate limit and CORS, over HTTP (spec/01 sections 5, 6 and 11)."""

from typing import Any

import pytest

from tests.wire.conftest import StartServer
from tests.wire.server import Server


@pytest.fixture
def own(start_server: StartServer) -> Server:
    """A server of the test's own, with the rate limiter on."""
    return start_server()


def put(server: Server, id: str, value: Any) -> None:
    answer = server.admin.post(f"/api/v1/settings/{id}", json={"value": value})
    assert (answer.status_code, answer.json()) == (200, {"success": True})


def test_a_setting_is_read_and_written(server: Server) -> None:
    path = "/api/v1/settings/Message_MaxAllowedSize"
    assert server.admin.get(path).json() == {"_id": "Message_MaxAllowedSize", "value": 5000, "success": True}
    put(server, "Message_MaxAllowedSize", 6000)
    assert server.admin.get(path).json()["value"] == 6000
    put(server, "Message_MaxAllowedSize", 5000)
    put(server, "VoIP_Enabled", value=False)


@pytest.mark.parametrize(
    ("id", "body"),
    [("No_Such_Setting", {"value": 1}), ("VoIP_Enabled", {}), ("VoIP_Enabled", {"values": True})],
)
def test_an_unknown_setting_and_no_value_are_bare_failures(server: Server, id: str, body: Any) -> None:
    answer = server.admin.post(f"/api/v1/settings/{id}", json=body)
    assert (answer.status_code, answer.json()) == (400, {"success": False})


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("VoIP_Enabled", "true"),
        ("VoIP_Enabled", 1),
        ("VoIP_Enabled", None),
        ("Message_MaxAllowedSize", "5000"),
        ("Message_MaxAllowedSize", True),
        ("Message_MaxAllowedSize", 0.5),
        ("Site_Url", 1),
        ("Hide_System_Messages", "uj"),
        ("Hide_System_Messages", [1]),
        ("UTF8_User_Names_Validation", "["),
    ],
)
def test_a_value_of_another_type_is_refused_and_nothing_changes(server: Server, id: str, value: Any) -> None:
    before = server.admin.get(f"/api/v1/settings/{id}").json()["value"]
    answer = server.admin.post(f"/api/v1/settings/{id}", json={"value": value})
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "error-invalid-setting-value"
    assert server.admin.get(f"/api/v1/settings/{id}").json()["value"] == before


def test_settings_need_their_permissions(server: Server) -> None:
    plain = server.create_user("settings-plain")
    for answer in (
        plain.get("/api/v1/settings/Site_Url"),
        plain.get("/api/v1/settings/No_Such_Setting"),
        plain.post("/api/v1/settings/Site_Url", json={"value": "http://evil"}),
    ):
        assert (answer.status_code, answer.json()) == (403, {"success": False, "error": "unauthorized"})


def test_paging_obeys_the_settings_at_once(own: Server) -> None:
    put(own, "API_Upper_Count_Limit", 1)
    assert own.admin.get("/api/v1/users.list", params={"count": "5"}).json()["count"] == 1
    put(own, "API_Allow_Infinite_Count", value=False)
    assert own.admin.get("/api/v1/users.list", params={"count": "0"}).json()["count"] == 1


def test_the_rate_limit_counts_by_route_and_spares_administrators(own: Server) -> None:
    put(own, "API_Enable_Rate_Limiter_Limit_Calls_Default", 3)
    plain = own.create_user("ann")
    for remaining in ("2", "1", "0"):
        answer = plain.get("/api/v1/me")
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-limit"] == "3"
        assert answer.headers["x-ratelimit-remaining"] == remaining
        assert len(answer.headers["x-ratelimit-reset"]) == 13  # epoch milliseconds
    answer = plain.get("/api/v1/me")
    assert answer.status_code == 429
    assert answer.json()["error"].startswith("Error, too many requests. Please slow down. You must wait ")
    assert answer.json()["error"].endswith(
        " seconds before trying this endpoint again. [error-too-many-requests]"
    )
    assert plain.get("/api/v1/roles.list").status_code == 200
    for _ in range(5):
        answer = own.admin.get("/api/v1/me")
        assert answer.status_code == 200
        assert "x-ratelimit-limit" not in answer.headers
    put(own, "API_Enable_Rate_Limiter", value=False)
    assert plain.get("/api/v1/me").status_code == 200


def test_preflight_by_the_cors_settings(own: Server) -> None:
    visitor = own.anonymous(check=False)
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    answer = visitor.options("/api/v1/login", headers=headers)
    assert answer.status_code == 405
    assert answer.text == 'CORS not enabled. Go to "Admin > General > REST Api" to enable it.'
    put(own, "API_Enable_CORS", value=True)
    answer = visitor.options("/api/v1/login", headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    put(own, "API_CORS_Origin", "https://app.example.com, https://other.example.com")
    answer = visitor.options("/api/v1/login", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert answer.headers["vary"] == "Origin"
    headers["Origin"] = "https://evil.example.com"
    answer = visitor.options("/api/v1/login", headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert visitor.options("/api/v1/login").status_code == 200


def test_test_mode_has_no_rate_limit_and_a_well_known_administrator(test_mode_server: Server) -> None:
    name = "rocketchat.internal.admin.test"
    admin = test_mode_server.client(name, name)
    assert admin.get("/api/v1/me").json()["_id"] == name
    plain = test_mode_server.create_user("settings-quick")
    for _ in range(12):
        answer = plain.get("/api/v1/me")
        assert answer.status_code == 200
        assert "x-ratelimit-limit" not in answer.headers
